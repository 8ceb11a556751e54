"""Walk 1, a reading: inbox → intake → batch → writer → commit → acknowledge."""
