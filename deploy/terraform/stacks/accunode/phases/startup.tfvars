# 500 to 800 people. Ten busy tasks could want 220 connections, twice what the database takes: connections are opened
# when they are needed, an alarm watches them, and the next phase has room for all.
zones      = 2
nat        = "one"
api        = { cpu = 512, memory = 1024, min = 2, max = 4 }
worker     = { cpu = 1024, memory = 2048, min = 2, max = 6, spot_percent = 50 }
database   = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7, overcommitted = true }
cache      = { node_type = "cache.t3.micro" }
budget_usd = 250
