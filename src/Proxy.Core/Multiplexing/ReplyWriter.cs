using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>
/// Writes to a client, one write at a time, and collects what becomes due meanwhile. Guarded by the lock, except for <see cref="Write"/>.
/// </summary>
/// <param name="gate">The lock of the client's reply order.</param>
/// <param name="client">The client.</param>
/// <param name="port">The connection of the client.</param>
/// <param name="record">The record of its connection.</param>
/// <param name="taken">Called when the connection has taken some of them.</param>
/// <param name="stopped">Called when there is nothing more to write, with whether the connection has failed.</param>
internal sealed class ReplyWriter(
    Lock gate,
    MultiplexClient client,
    MessagePort port,
    ConnectionRecord record,
    Action taken,
    Action<bool> stopped
)
{
    private ByteBuffer _sending = new(client.Replies);

    /// <summary>The bytes that are due and not yet handed to the connection.</summary>
    public ByteBuffer Due { get; private set; } = new(client.Replies);

    public bool IsWriting { get; private set; }

    /// <summary>The bytes that the connection has not taken.</summary>
    public int Untaken => Due.Count + (IsWriting ? _sending.Count : 0);

    public bool IsClosed { get; private set; }

    /// <summary>Whether all bytes that were due are written.</summary>
    public bool IsDone => !IsWriting && Due.Count == 0;

    /// <summary>Makes the caller the writer, which then has to call <see cref="Write"/> outside the lock.</summary>
    /// <returns>False if another thread writes already, or nothing has to be written.</returns>
    public bool TryBegin()
    {
        if (IsClosed || IsWriting)
        {
            return false;
        }

        IsWriting = true;
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
    public void Write()
    {
        while (TakeDue())
        {
            var send = port.SendAsync(_sending.Memory);
            if (!send.IsCompletedSuccessfully)
            {
                _ = FinishAsync(send);
                return;
            }

            send.GetAwaiter().GetResult();
            Written();
        }

        stopped(false);
    }

    private async Task FinishAsync(ValueTask send)
    {
        try
        {
            await send;
            Written();
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

        Write();
    }

    private bool TakeDue()
    {
        lock (gate)
        {
            if (Due.Count == 0 || IsClosed)
            {
                IsWriting = false;
                if (IsClosed)
                {
                    _sending.Release();
                }

                return false;
            }

            (Due, _sending) = (_sending, Due);
            return true;
        }
    }

    private void Written()
    {
        client.Touch(); // before the bytes are counted, so that the new deadline is visible by then
        record.CountUpstreamBytes(_sending.Count);
        lock (gate)
        {
            _sending.Clear();
        }

        taken();
    }
}
