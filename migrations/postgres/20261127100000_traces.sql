-- Which trace a job belongs to, as W3C's `traceparent`: that of the request, or of the job, that enqueued it.
ALTER TABLE job ADD COLUMN traceparent text;
