"""``python -m mlx.launch``: starts the processes of a distributed program."""

from mlx._distributed_utils.launch import main

if __name__ == "__main__":
    main()
