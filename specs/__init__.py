"""Facts: the requirements of both specs, our schemas, kernel and spec tables. No process is started here."""
