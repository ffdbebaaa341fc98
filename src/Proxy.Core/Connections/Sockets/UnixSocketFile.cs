using System.Net.Sockets;

namespace Proxy.Connections.Sockets;

/// <summary>The file of a unix socket outlives a crash; nobody answers on it then.</summary>
internal static class UnixSocketFile
{
    /// <summary>Deletes the file if it is a socket on which nobody listens.</summary>
    public static void RemoveStale(UnixDomainSocketEndPoint endPoint)
    {
        var path = endPoint.ToString();
        if (string.IsNullOrEmpty(path) || path[0] == '@' || !File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
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

    // Sockets are the files that exist and cannot be opened, not even by root.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return File.Exists(path);
        }
    }
}
