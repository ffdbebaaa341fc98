using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>Removes the file of a unix socket that was left behind by a crash.</summary>
internal static class UnixSocketFile
{
    private const int NoSuchDeviceOrAddress = 6; // ENXIO, which is the HResult of the IOException

    /// <summary>Deletes the file if it is a socket on which no program listens.</summary>
    public static void RemoveStale(UnixDomainSocketEndPoint endPoint)
    {
        var path = endPoint.ToString();
        if (string.IsNullOrEmpty(path) || path[0] == '@' || !File.Exists(path))
        {
            return;
        }

        // A blocking connect would wait for ever for a listener whose backlog is full; a non-blocking one reports WouldBlock.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // A plain file refuses the connection as well, and must not be deleted.
            if (IsSocket(path))
            {
                File.Delete(path);
            }
        }
        catch (SocketException)
        {
            // Not decided here: binding reports what is wrong.
        }
    }

    // A file that exists and cannot be opened, not even by root, is a socket. It is opened for writing too, since opening a named pipe for
    // reading waits for a writer.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException exception)
        {
            return exception.HResult == NoSuchDeviceOrAddress;
        }
    }
}
