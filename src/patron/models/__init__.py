"""Models: answers fitted on rows, judged beside baselines, and served from text that nothing unpickles."""
