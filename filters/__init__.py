"""What is a good part or document? Pure functions: a measurement in, None or a Drop out."""
