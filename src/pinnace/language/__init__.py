"""The two little languages in a manifest, tags and conditions around them; knows nothing of workflows."""
