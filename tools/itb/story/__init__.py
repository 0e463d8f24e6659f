"""Stories: a patient's course as commands at times, read, judged beforehand and shown."""
