"""From the stored arrays of a shard's replicates to the table or arrays of the next stage: one function per rule."""
