"""An FTP client in passive mode: prints the names it finds and what is in the file, once per transfer."""
import ftplib, sys
host, port, name, times = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with ftplib.FTP() as ftp:
    ftp.connect(host, port, timeout=120)
    ftp.login()
    print(" ".join(ftp.nlst()))
    for _ in range(times):
        ftp.retrbinary("RETR " + name, lambda part: print(part.decode().strip()))
