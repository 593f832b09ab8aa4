"""Finding what matters: by words, by meaning, by tag, by time, by neighbourhood and by link, fused and ranked."""
