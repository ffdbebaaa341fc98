using Microsoft.AspNetCore.Http;

namespace Proxy.Channels.Membership;

/// <summary>Streams this instance's record to every peer that requests it: one line at once, and one at each change.</summary>
internal sealed class HelloFeed
{
    private readonly Lock _gate = new(); // guards _line and _changed
    private byte[] _line = [];
    private TaskCompletionSource _changed = NewSignal();

    public void Publish(MemberRecord self)
    {
        lock (_gate)
        {
            _line = HelloLine.Write(self);
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>Writes lines until the peer has gone or this instance leaves, which the last line says.</summary>
    public async Task WriteAsync(HttpContext context, CancellationToken leaving)
    {
        context.Response.ContentType = "application/x-ndjson";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(leaving, context.RequestAborted);
        try
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                var (line, changed) = Current();
                await context.Response.Body.WriteAsync(leaving.IsCancellationRequested ? HelloLine.Left : line, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (leaving.IsCancellationRequested)
                {
                    return;
                }

                await changed.WaitAsync(ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (OperationCanceledException)
        {
            // The peer has gone, which ends the stream.
        }
    }

    private (byte[] Line, Task Changed) Current()
    {
        lock (_gate)
        {
            return (_line, _changed.Task);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
