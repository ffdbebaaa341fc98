using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>A tunnel that this instance opened.</summary>
internal sealed class ClientTunnelConnection : TunnelConnection
{
    private const int ReadBufferSize = 64 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly TunnelContent _content;

    [SuppressMessage("Usage", "CA2213", Justification = "Without a timer it holds nothing, and an abort may be about to cancel it.")]
    private readonly CancellationTokenSource _lifetime;

    private volatile bool _ended;
    private int _closed;

    public ClientTunnelConnection(
        HttpResponseMessage response,
        TunnelContent content,
        Stream input,
        Stream output,
        TunnelMemory memory,
        CancellationTokenSource lifetime
    )
    {
        _response = response;
        _content = content;
        _lifetime = lifetime;
        ConnectionClosed = lifetime.Token;
        content.Lost = Gone;
        Reader = PipeReader.Create(input, new StreamPipeReaderOptions(memory, ReadBufferSize, useZeroByteReads: true, leaveOpen: true));
        Writer = PipeWriter.Create(output, new StreamPipeWriterOptions(memory, minimumBufferSize: 64 * 1024, leaveOpen: true));
    }

    protected override PipeReader Reader { get; }

    protected override PipeWriter Writer { get; }

    public override async Task EndOutputAsync()
    {
        // An empty flush fails if the peer has ended its direction. Whether the stream was reset is reported by the reader.
        if (Writer.UnflushedBytes > 0)
        {
            await Writer.FlushAsync();
        }

        _ended = true;
        _content.End();
    }

    // A stream that the peer reset carries an HTTP/2 error code; any other failure is one of the connection.
    public override bool IsLost(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpProtocolException { ErrorCode: TunnelProtocol.ConnectError or TunnelProtocol.Cancel })
            {
                return false;
            }
        }

        return !_lifetime.IsCancellationRequested;
    }

    protected override Task<bool> IsConnectionLostAsync() => _content.ConnectionLost;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Gone();
            _content.Fail();
            _lifetime.Cancel();
            _response.Dispose();
        }
    }

    /// <summary>Resets the tunnel unless both directions have ended.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_ended)
        {
            Abort(new ConnectionAbortedException());
        }

        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _response.Dispose();
        }

        _content.Dispose(); // the token source is left: a close may be about to cancel it, and without a timer it holds no resource
        await base.DisposeAsync();
    }
}
