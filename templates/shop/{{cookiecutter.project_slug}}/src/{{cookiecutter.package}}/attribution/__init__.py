"""Attribution: which territory and which representative a sale is credited to. An online sale counts like any other."""
