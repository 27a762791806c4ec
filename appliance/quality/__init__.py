"""How good a call is: samples, MOS and summaries. Pure: counters in, numbers out."""
