"""Are these samples copies? An audit of samples that already exist: files or arrays in, a verdict and a page out."""
