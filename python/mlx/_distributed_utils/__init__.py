"""Starting the processes of a distributed run: descriptions of hosts, and the command ``mlx.launch``."""
