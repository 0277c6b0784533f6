"""In which order? The only place where omnicorpus and filters meet."""
