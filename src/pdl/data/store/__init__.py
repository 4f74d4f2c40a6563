"""Where real data sets come from and lie: registry, fetching, preparing, verifying."""
