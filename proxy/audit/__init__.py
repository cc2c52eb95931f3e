"""
The audit log: who saw or changed which record, in files that show when they were tampered with.

* `keys`: the hashes and the pseudonyms
* `lines`, `folder`: how lines and files look, and what of them stands in a folder
* `trail`: the one file that a process writes
* `request`: what a line tells of a request
* `audit`: what is written of requests, and what happens when nothing can be
* `door`: where requests come in, when there is an audit log
* `verify`, `search`: what operators ask of the files
"""
