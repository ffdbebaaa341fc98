using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// One stream of a tunnel as a connection. Completing its output sends END_STREAM, which ends only that direction; <c>Abort</c> sends
/// RST_STREAM; a reset by the peer fails reads and writes (RFC 9113, 5.1).
/// </summary>
internal abstract class TunnelConnection : ConnectionContext, IDuplexPipe, IDeparture
{
    private static long _lastId;

    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TunnelReader? _reader;
    private TunnelWriter? _writer;

    public override string ConnectionId { get; set; } = NewId();

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport
    {
        get => this;
        set => throw new NotSupportedException("A tunnel's pipes are its own.");
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public PipeReader Input => _reader ??= new TunnelReader(Reader, this);

    public PipeWriter Output => _writer ??= new TunnelWriter(Writer, this);

    /// <summary>Whether the stream has ended by a reset or with its connection.</summary>
    public bool IsGone => _gone.Task.IsCompleted;

    protected abstract PipeReader Reader { get; }

    protected abstract PipeWriter Writer { get; }

    /// <summary>The id of the next tunnel, whatever carries it.</summary>
    public static string NewId() => "T" + Interlocked.Increment(ref _lastId).ToString("X8", CultureInfo.InvariantCulture);

    /// <summary>Ends the output only; input can still be read.</summary>
    public abstract Task EndOutputAsync();

    /// <summary>Whether an exception means that the connection was lost, rather than that this stream was reset.</summary>
    public abstract bool IsLost(Exception failure);

    /// <summary>Translates a failure of this stream into an exception of the relay.</summary>
    public Exception Explain(Exception failure)
    {
        Gone();
        return failure is ConnectionEndedException ? failure
            : IsLost(failure) ? new ConnectionEndedException(ConnectionOutcome.TunnelLost, failure)
            : new IOException("The tunnel was reset.", failure);
    }

    public void ThrowIfGone()
    {
        if (IsGone)
        {
            throw new IOException("The tunnel was reset.");
        }
    }

    public async Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken)
    {
        try
        {
            await _gone.Task.WaitAsync(cancellationToken);
            return await IsConnectionLostAsync().WaitAsync(cancellationToken)
                ? throw new ConnectionEndedException(ConnectionOutcome.TunnelLost, new IOException("The connection was lost."))
                : PeerDeparture.Reset;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Whether the connection was lost too, for a stream that has ended.</summary>
    protected abstract Task<bool> IsConnectionLostAsync();

    /// <summary>Records that the stream has ended, by a reset or with its connection.</summary>
    protected void Gone() => _gone.TrySetResult();
}
