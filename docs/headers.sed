# Turns the comment that a header opens with into one that Doxygen takes as the file's.
1,/^[^\/]/{
  s#^//\( \|$\)#///\1#
  1s#^/// #/// @file\n/// #
}
