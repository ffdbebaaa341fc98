using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Multiplexing;

/// <summary>
/// Receives and sends bytes on a connection: directly on the socket if the transport supports it, otherwise through the connection's pipes.
/// </summary>
internal sealed class MessagePort
{
    private readonly ConnectionContext _connection;
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly bool _isDirect;

    public MessagePort(ConnectionContext connection)
    {
        _connection = connection;
        var direct = (connection as TcpConnection)?.OpenStream();
        _isDirect = direct is not null;
        _input = direct ?? connection.Transport.Input.AsStream(leaveOpen: true);
        _output = direct ?? connection.Transport.Output.AsStream(leaveOpen: true);
    }

    /// <summary>Whether an exception of a read or write means that the connection was reset, lost or closed.</summary>
    public static bool IsEnd(Exception exception) =>
        exception is IOException or ConnectionAbortedException or ObjectDisposedException or System.Net.Sockets.SocketException;

    /// <summary>Receives at least one byte; returns 0 after FIN.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReadAsync(buffer, cancellationToken);

    /// <summary>Whether the peer has ended its side or reset the connection, as far as this is known without reading.</summary>
    public bool HasPeerEnded => (_connection as TcpConnection)?.HasPeerEnded is true;

    /// <summary>Whether the peer has left in the middle of a message, as far as this is known without reading.</summary>
    /// <param name="missing">The least number of bytes that the message still needs.</param>
    /// <exception cref="IOException">It has reset the connection.</exception>
    public bool HasLeftWithin(int missing) =>
        (_connection as TcpConnection)?.DepartedWithin(missing) switch
        {
            PeerDeparture.Reset => throw new IOException("The peer has reset the connection."),
            null => false,
            _ => true,
        };

    /// <summary>Waits for a signal while nothing is read, in the middle of a message.</summary>
    /// <returns>
    /// False if the peer has left before the message's last byte. If it has left and nothing is unread, true: the next read says so.
    /// </returns>
    /// <exception cref="IOException">It has reset the connection.</exception>
    public async Task<bool> WaitAsync(ReadinessGate signal, int missing)
    {
        if (_connection is not TcpConnection tcp)
        {
            await signal.WaitAsync(_connection.ConnectionClosed); // its own pipe bounds what is unread
            return true;
        }

        using var left = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        var watch = WatchAsync(tcp, missing, left.Cancel, stop.Token);
        try
        {
            await signal.WaitAsync(left.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return !HasLeftWithin(missing);
        }
        finally
        {
            await stop.CancelAsync();
            await watch;
        }
    }

    /// <summary>Waits for something while nothing is read, between messages.</summary>
    /// <param name="wait">Waits, until its token is cancelled.</param>
    /// <returns>False if the peer has ended its side meanwhile.</returns>
    /// <exception cref="IOException">It has reset the connection.</exception>
    public async Task<bool> WaitUnlessEndedAsync(Func<CancellationToken, ValueTask> wait)
    {
        if (_connection is not TcpConnection tcp)
        {
            await wait(_connection.ConnectionClosed);
            return true;
        }

        using var left = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        var watch = WatchAsync(tcp, left, stop.Token);
        try
        {
            await wait(left.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return await watch != PeerDeparture.Reset ? false : throw new IOException("The peer has reset the connection.");
        }
        finally
        {
            await stop.CancelAsync();
            await watch;
        }
    }

    private static async Task<PeerDeparture?> WatchAsync(TcpConnection tcp, CancellationTokenSource left, CancellationToken stop)
    {
        var departure = await tcp.WaitForDepartureAsync(ignoreClose: false, stop);
        if (departure is not null)
        {
            await left.CancelAsync();
        }

        return departure;
    }

    private static async Task WatchAsync(TcpConnection tcp, int missing, Action left, CancellationToken stop)
    {
        var departure = await tcp.WaitForDepartureAsync(ignoreClose: false, stop);
        if (departure == PeerDeparture.Closed && tcp.DepartedWithin(missing) is null)
        {
            departure = await tcp.WaitForDepartureAsync(ignoreClose: true, stop); // the rest of the message is in the kernel
        }

        if (departure is not null)
        {
            left();
        }
    }

    /// <summary>
    /// Sends all bytes. Failures are always returned in the task and never thrown, since the sender of a reply is not affected by the
    /// client's failure.
    /// </summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _isDirect ? _output.WriteAsync(bytes) : WriteAndFlushAsync(bytes);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The framework's stream throws synchronously if the socket was closed on our side.
            return ValueTask.FromException(exception);
        }
    }

    /// <summary>Sends FIN.</summary>
    public async ValueTask EndSendingAsync()
    {
        if (_isDirect)
        {
            ((TcpConnection)_connection).EndSending();
            return;
        }

        try
        {
            await _connection.Transport.Output.CompleteAsync();
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The peer has gone already.
        }
    }

    private async ValueTask WriteAndFlushAsync(ReadOnlyMemory<byte> bytes)
    {
        await _output.WriteAsync(bytes);
        await _output.FlushAsync();
    }
}
