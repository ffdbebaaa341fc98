using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Proxy.Diagnostics;

/// <summary>One line per ended connection. Never blocks a connection: lines beyond a bounded queue are dropped and counted.</summary>
public sealed class AccessLog : IAsyncDisposable, IDisposable
{
    private const int QueueLimit = 16_384;
    private static readonly TimeSpan _closeLimit = TimeSpan.FromSeconds(3);
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(QueueLimit) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }
    );
    private readonly bool _enabled;
    private readonly bool _json;
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private long _dropped;

    /// <summary>Starts the writer.</summary>
    /// <param name="output">Where lines go; null writes none. Disposed with this object.</param>
    /// <param name="json">JSON lines, or text.</param>
    /// <param name="time">The clock by which closing is given up; the system's unless given.</param>
    public AccessLog(TextWriter? output, bool json = true, TimeProvider? time = null)
    {
        _enabled = output is not null;
        _json = json;
        _time = time ?? TimeProvider.System;
        _writing = output is null ? Task.CompletedTask : Task.Run(() => WriteLinesAsync(output));
    }

    /// <summary>Lines lost because the output was too slow or failed.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Queues the line of an ended connection.</summary>
    /// <param name="record">Its record.</param>
    public void Write(ConnectionRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_enabled && record.AccessLog && !_lines.Writer.TryWrite(_json ? Json(record) : Text(record)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Writes what is queued, and closes the output; gives up after seconds on an output that nobody reads.</summary>
    /// <returns>A task that completes then.</returns>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(_closeLimit, _time);
        }
        catch (TimeoutException)
        {
            // A full pipe: the process has to end all the same. The writer stays where it is, on a thread that ends with it.
        }
    }

    /// <summary>The same, for containers that dispose synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task WriteLinesAsync(TextWriter output)
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            try
            {
                await output.WriteLineAsync(line);
                if (!_lines.Reader.TryPeek(out _))
                {
                    await output.FlushAsync();
                }
            }
            catch (IOException)
            {
                Interlocked.Increment(ref _dropped);
            }
        }

        // Here, and not where the log is disposed: closing may wait for a reader as writing does.
        await output.DisposeAsync();
    }

    private static string Json(ConnectionRecord record)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("time", record.StartedAt);
            json.WriteString("id", record.Id);
            json.WriteString("endpoint", record.EndpointId);
            json.WriteString("route", record.RouteId);
            json.WriteString("cluster", record.ClusterId);
            json.WriteString("destination", record.DestinationId);
            json.WriteString("client", record.Client?.ToString());
            json.WriteString("outcome", record.Outcome?.ToString());
            json.WriteNumber("bytesIn", record.ClientBytes);
            json.WriteNumber("bytesOut", record.UpstreamBytes);
            json.WriteNumber("queued", Seconds(record.Queued));
            json.WriteNumber("connecting", Seconds(record.Connecting));
            json.WriteNumber("connected", Seconds(record.Connected));
            json.WriteNumber("duration", Seconds(record.Elapsed));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    // Ids come from configuration and may hold anything printable; a quoted JSON string cannot forge a line.
    private static string Text(ConnectionRecord record) =>
        FormattableString.Invariant(
            $"{record.StartedAt:O} {record.Id} endpoint={Quote(record.EndpointId)} route={Quote(record.RouteId)} cluster={Quote(record.ClusterId)} destination={Quote(record.DestinationId)} client={Quote(record.Client?.ToString())} outcome={record.Outcome} in={record.ClientBytes} out={record.UpstreamBytes} queued={Seconds(record.Queued)} connecting={Seconds(record.Connecting)} connected={Seconds(record.Connected)} duration={Seconds(record.Elapsed)}"
        );

    private static string Quote(string? value) => JsonSerializer.Serialize(value ?? "");

    private static double Seconds(TimeSpan value) => Math.Round(value.TotalSeconds, 6);
}
