"""The playground: a page that shows a schedule while it is written, served on this machine or as a folder to publish.

`questions` reads what the page asks, `answers` answers it, `gallery` has the schedules to begin with. `server` and `workers` carry questions over HTTP, and
`site` writes the folder, in which Python runs in the browser. `web/` has the sources of the page, and `page/` what is built from them.
"""
