-- A held reply is decided by its owner: with the code that only the owner was sent, since From lines can be forged.
alter table kabiwatch.delivery add column code text;
alter table kabiwatch.delivery add column told_at timestamptz;
