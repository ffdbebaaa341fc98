using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>The file of a unix socket outlives a crash; nothing answers on it then.</summary>
internal static class UnixSocketFile
{
    private const int NoSuchDeviceOrAddress = 6; // ENXIO, which an IOException bears as it is

    /// <summary>Deletes the file if it is a socket on which no program listens.</summary>
    public static void RemoveStale(UnixDomainSocketEndPoint endPoint)
    {
        var path = endPoint.ToString();
        if (string.IsNullOrEmpty(path) || path[0] == '@' || !File.Exists(path))
        {
            return;
        }

        // A listener whose backlog is full lets a blocking connect wait for ever; this one is told WouldBlock.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // A plain file refuses as well: only a socket may go.
            if (IsSocket(path))
            {
                File.Delete(path);
            }
        }
        catch (SocketException)
        {
            // Not ours to judge: the bind says what is wrong.
        }
    }

    // Sockets are the files that exist and cannot be opened, not even by root. For reading alone, a named pipe without a
    // writer would be waited for.
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
