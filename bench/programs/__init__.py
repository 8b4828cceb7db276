"""The contenders' programs, each as its own documentation would have you write it."""
