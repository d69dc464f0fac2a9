"""What can be counted and filtered, under which filters, and all values of one facet."""
