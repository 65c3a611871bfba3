"""From values to text: pure, no widgets."""
