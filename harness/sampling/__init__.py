"""What a sample of recorded accounts allows to be said of all of them."""
