"""How fast trainings are: this project, plain Keras and PyTorch, the same networks side by side."""
