"""What is known of models: windows, refusals, prices."""
