"""Landing files that are damaged in every way there is: none may stop a run or lose a row."""
