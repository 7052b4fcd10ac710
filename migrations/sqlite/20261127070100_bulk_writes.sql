-- Storing many rows at a time. What PostgreSQL checks statement by statement since this migration, SQLite's foreign
-- keys and triggers check row by row as before: there that costs little.

-- Which upload said last what is known of a company, and by which of its rows: chunks of one file that are stored in any
-- order leave what the last row says.
ALTER TABLE companies ADD COLUMN known_upload BLOB;
ALTER TABLE companies ADD COLUMN known_row INTEGER;
ALTER TABLE companies ADD COLUMN market_cap_row INTEGER;

-- Predictions of no upload need not stand in these.
DROP INDEX annual_predictions_by_upload;
CREATE INDEX annual_predictions_by_upload ON annual_predictions (bulk_upload_job_id, source_row)
    WHERE bulk_upload_job_id IS NOT NULL;
DROP INDEX quarterly_predictions_by_upload;
CREATE INDEX quarterly_predictions_by_upload ON quarterly_predictions (bulk_upload_job_id, source_row)
    WHERE bulk_upload_job_id IS NOT NULL;
