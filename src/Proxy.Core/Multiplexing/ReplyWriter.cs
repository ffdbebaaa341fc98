using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>Writes to a client, one write at a time, while what is due next gathers. All but <see cref="Write"/> is guarded by the gate.</summary>
/// <param name="gate">The gate of the client's replies.</param>
/// <param name="client">The client.</param>
/// <param name="port">Its connection.</param>
/// <param name="record">What is known of its connection.</param>
/// <param name="stopped">Called when a writer has nothing more to write, with whether the connection has failed.</param>
internal sealed class ReplyWriter(Lock gate, MultiplexClient client, MessagePort port, ConnectionRecord record, Action<bool> stopped)
{
    private ByteBuffer _sending = new();

    /// <summary>What is due and not handed to the connection yet.</summary>
    public ByteBuffer Due { get; private set; } = new();

    public bool IsWriting { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>Whether all that was due is written.</summary>
    public bool IsDone => !IsWriting && Due.Count == 0;

    /// <summary>Makes the caller the one that writes: it has to call <see cref="Write"/> without the gate.</summary>
    /// <returns>False if another one writes already, or nothing is to be written any more.</returns>
    public bool TryBegin()
    {
        if (IsClosed || IsWriting)
        {
            return false;
        }

        IsWriting = true;
        return true;
    }

    /// <summary>The client is gone: what comes for it is dropped.</summary>
    public void Close()
    {
        IsClosed = true;
        Due.Release();
        if (!IsWriting)
        {
            _sending.Release();
        }
    }

    /// <summary>Writes all that is due.</summary>
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
        client.Touch(); // first, so that bytes which are counted have moved the deadline too
        record.CountUpstreamBytes(_sending.Count);
        _sending.Clear();
    }
}
