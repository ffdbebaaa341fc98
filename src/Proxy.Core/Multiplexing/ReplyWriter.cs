using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>
/// Writes to a client, one write at a time, and collects what becomes due meanwhile. Guarded by the lock, except for <see cref="Write"/>. The
/// lock is taken once per write.
/// </summary>
/// <param name="gate">The lock of the client's reply order.</param>
/// <param name="client">The client.</param>
/// <param name="port">The connection of the client.</param>
/// <param name="record">The record of its connection.</param>
/// <param name="first">Returns the request whose reply comes next, under the lock. It is told when the connection has taken some bytes.</param>
/// <param name="stopped">Called when there is nothing more to write, with whether the connection has failed.</param>
internal sealed class ReplyWriter(
    Lock gate,
    MultiplexClient client,
    MessagePort port,
    ConnectionRecord record,
    Func<MultiplexRequest?> first,
    Action<bool> stopped
)
{
    private const int LargestWrite = 64 * 1024; // so that it is seen whether a client takes anything of a long reply

    private ByteBuffer _sending = new(client.Replies);
    private int _sent; // bytes of it that the connection has taken

    /// <summary>The bytes that are due and not yet handed to the connection.</summary>
    public ByteBuffer Due { get; private set; } = new(client.Replies);

    public bool IsWriting { get; private set; }

    /// <summary>The bytes that the connection has not taken.</summary>
    public int Untaken => Due.Count + (IsWriting ? _sending.Count - _sent : 0);

    /// <summary>How far the client is behind with taking what is written.</summary>
    public ClientLag Lag { get; } = new();

    public bool IsClosed { get; private set; }

    /// <summary>Whether all bytes that were due are written.</summary>
    public bool IsDone => !IsWriting && Due.Count == 0;

    /// <summary>Makes the caller the writer, which then has to call <see cref="Write"/> outside the lock.</summary>
    /// <param name="hasMore">Whether anything is due, for <see cref="Write"/>.</param>
    /// <returns>False if another thread writes already, or nothing has to be written.</returns>
    public bool TryBegin(out bool hasMore)
    {
        hasMore = false;
        if (IsClosed || IsWriting)
        {
            return false;
        }

        IsWriting = true;
        Lag.Begin(client.Now);
        hasMore = Next();
        return true;
    }

    /// <summary>Drops all further replies, since the client has gone.</summary>
    public void Close()
    {
        IsClosed = true;
        Due.Release();
        if (!IsWriting)
        {
            _sending.Release();
        }
    }

    /// <summary>Writes everything that is due.</summary>
    public void Write(bool hasMore)
    {
        while (hasMore)
        {
            var count = Math.Min(_sending.Count - _sent, LargestWrite);
            var send = port.SendAsync(_sending.Memory.Slice(_sent, count));
            if (!send.IsCompletedSuccessfully)
            {
                _ = FinishAsync(send, count);
                return;
            }

            send.GetAwaiter().GetResult();
            hasMore = Written(count);
        }

        stopped(false);
    }

    private async Task FinishAsync(ValueTask send, int count)
    {
        bool hasMore;
        try
        {
            await send;
            hasMore = Written(count);
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            client.Close(ConnectionOutcome.ClientReset);
            lock (gate)
            {
                IsWriting = false;
                Close();
            }

            stopped(true);
            return;
        }

        Write(hasMore);
    }

    // Whether there is more to write; if not, the caller is not the writer any more.
    private bool Next()
    {
        if (_sent < _sending.Count && !IsClosed)
        {
            return true;
        }

        if (Due.Count == 0 || IsClosed)
        {
            IsWriting = false;
            Lag.Clear();
            if (IsClosed)
            {
                _sending.Release();
            }

            return false;
        }

        (Due, _sending) = (_sending, Due);
        return true;
    }

    private bool Written(int count)
    {
        MultiplexRequest? waiting;
        bool hasMore;
        client.Touch(); // before the bytes are counted, so that the new deadline is visible by then
        record.CountUpstreamBytes(count);
        lock (gate)
        {
            var now = client.Now;
            Lag.End(count, client.Config.MinDataRate, now);
            Lag.Begin(now);
            _sent += count;
            if (_sent == _sending.Count)
            {
                _sending.Clear();
                _sent = 0;
            }

            hasMore = Next();
            waiting = first();
        }

        waiting?.SignalTaken();
        return hasMore;
    }
}
