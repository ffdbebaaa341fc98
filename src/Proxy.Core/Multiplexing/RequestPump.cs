using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Passes on one request of a client in parts, as soon as it has its turn: each part is sent before the next one is read. Used only by the
/// client's reader.
/// </summary>
internal sealed class RequestPump(
    MultiplexClient client,
    MultiplexRequest request,
    RequestInput input,
    MessagePort port,
    ReplyOrder replies,
    ConnectionRecord record
)
{
    private readonly RequestStream _stream = request.Stream!;

    /// <summary>Passes on the request. The first part is with the session already.</summary>
    /// <param name="first">The measure of the first part.</param>
    /// <param name="receive">Receives more bytes into the input.</param>
    /// <param name="closed">Cancelled when the client's connection is closed.</param>
    /// <returns>A task that completes when the last part is sent, or the request is over without that.</returns>
    public async Task RunAsync(FrameMeasure first, Func<ValueTask> receive, CancellationToken closed)
    {
        if (!await WaitForTurnAsync(first.Rest.Least))
        {
            Abandon(LocalReply.NoAnswer);
            return;
        }

        if ((first.Traits & MessageTraits.AwaitsContinue) != 0 && input.IsEmpty && !_stream.IsOver)
        {
            replies.Say(LocalReply.Continue, request.Original.Span);
        }

        while (!_stream.IsOver && _stream.Connection is { } connection)
        {
            var measure = input.Measure();
            if (measure.Status is FrameStatus.Complete or FrameStatus.Part)
            {
                _stream.IsWhole = measure.Status == FrameStatus.Complete;
                client.Trace.FromClient(client, input.Bytes[..measure.Length]);
                var isSent = await connection.SendPartAsync(request, input.Memory[..measure.Length], _stream.IsWhole);
                input.Consume(measure);
                if (_stream.IsWhole || !isSent)
                {
                    break;
                }
            }
            else if (measure.Status == FrameStatus.Malformed || input.HasEnded)
            {
                Abandon(input.HasEnded ? LocalReply.NoAnswer : LocalReply.Malformed);
                return;
            }
            else
            {
                await receive();
            }
        }

        while (!_stream.IsWhole && !_stream.IsOver)
        {
            await ChangeAsync(closed); // the session is just failing it
        }
    }

    /// <summary>Ends the request if it is unfinished, since its client has gone.</summary>
    public void Close() => _stream.Abandon()?.Abandon(request, LocalReply.NoAnswer, ConnectionOutcome.ClientReset);

    private bool IsDue => _stream.Connection is not null || _stream.IsOver;

    // False if the client has left in the middle of its request. While it waits, nothing is read.
    private async ValueTask<bool> WaitForTurnAsync(int missing)
    {
        while (true)
        {
            _stream.Changed.Reset();
            if (IsDue)
            {
                return true;
            }

            if (!await port.WaitAsync(_stream.Changed, Math.Max(1, missing)) || !IsDue)
            {
                return false; // with unread bytes that are not enough, or with none
            }
        }
    }

    private async ValueTask ChangeAsync(CancellationToken closed)
    {
        _stream.Changed.Reset();
        if (!_stream.IsOver)
        {
            await _stream.Changed.WaitAsync(closed);
        }
    }

    // The client ended in the middle of its own message, so it waits for no reply; or the message is malformed.
    private void Abandon(LocalReply reply)
    {
        record.TryEnd(ConnectionOutcome.ProtocolError);
        request.DeliversReply &= reply == LocalReply.Malformed;
        input.End();
        if (_stream.Abandon() is { } connection)
        {
            connection.Abandon(request, reply, ConnectionOutcome.ProtocolError);
        }
        else
        {
            request.Lane?.Session.DropUnsent(request.Lane);
        }
    }
}
