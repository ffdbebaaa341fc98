using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Proxy.Diagnostics;

/// <summary>
/// Formats lines: a JSON object, or time, event and pairs of name and value. In both, strings are quoted as in JSON and limited in length,
/// so that bytes of a peer or a configuration cannot forge a line. One object per thread, so that a line allocates nothing.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as its thread, and holds memory alone.")]
internal sealed class AccessLogLine
{
    /// <summary>The longest value in UTF-16 units; a longer one is cut and ends with an ellipsis.</summary>
    public const int MaxValue = 512;

    private const int MaxTime = 64;
    private const string Ellipsis = "…";

    private static readonly JsonWriterOptions _options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.Default };

    private static readonly string[] _outcomes = Enum.GetNames<ConnectionOutcome>(); // cached

    [ThreadStatic]
    private static AccessLogLine? _ofThread;

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _values;
    private bool _json;

    private AccessLogLine() => _values = new Utf8JsonWriter(_bytes, _options);

    /// <summary>Formats the line of a connection; valid until the thread formats another one.</summary>
    public static ReadOnlySpan<byte> Of(ConnectionRecord record, AccessLogEvent @event, DateTimeOffset now, bool json)
    {
        var line = Begin(now, NameOf(@event), json);
        line.Connection(record, @event);
        return line.End();
    }

    /// <summary>Formats the line of a request; valid until the thread formats another one.</summary>
    public static ReadOnlySpan<byte> Of(RequestRecord request, DateTimeOffset now, bool json)
    {
        var line = Begin(now, "request"u8, json);
        line.Request(request);
        return line.End();
    }

    /// <summary>Formats the line that reports how many others were lost.</summary>
    public static ReadOnlySpan<byte> OfDropped(long count, DateTimeOffset now, bool json)
    {
        var line = Begin(now, "dropped"u8, json);
        line.Add("dropped"u8, "dropped"u8, count);
        return line.End();
    }

    private static ReadOnlySpan<byte> NameOf(AccessLogEvent @event) =>
        @event switch
        {
            AccessLogEvent.Start => "start"u8,
            AccessLogEvent.Progress => "progress"u8,
            _ => "end"u8,
        };

    private static AccessLogLine Begin(DateTimeOffset now, ReadOnlySpan<byte> name, bool json)
    {
        var line = _ofThread ??= new();
        line._json = json;
        line._bytes.ResetWrittenCount();
        line._values.Reset();
        line.Head(now, name);
        return line;
    }

    private void Head(DateTimeOffset now, ReadOnlySpan<byte> name)
    {
        if (_json)
        {
            _values.WriteStartObject();
            _values.WriteString("time"u8, now);
            _values.WriteString("event"u8, name);
            return;
        }

        now.TryFormat(_bytes.GetSpan(MaxTime), out var written, "O");
        _bytes.Advance(written);
        _bytes.Write(" "u8);
        _bytes.Write(name);
    }

    private void Connection(ConnectionRecord record, AccessLogEvent @event)
    {
        Add("id"u8, record.Id);
        Add("endpoint"u8, record.EndpointId);
        Add("route"u8, record.RouteId);
        Add("cluster"u8, record.ClusterId);
        Add("destination"u8, record.DestinationId);
        Add("client"u8, record.Client?.ToString());
        AddKnown("peer"u8, record.Peer?.ToString());
        AddKnown("proxy"u8, record.ProxyHeader);
        AddKnown("authority"u8, record.ProxyAuthority);
        AddKnown("server_name"u8, record.ServerName);
        AddKnown("alpn"u8, record.Tls is { } session ? session.ApplicationProtocol : record.AlpnProtocols);
        AddTls(record);
        Add("outcome"u8, @event == AccessLogEvent.End && record.Outcome is { } outcome ? _outcomes[(int)outcome] : null);
        AddKnown("limit"u8, record.Limit);
        AddKnown("limit_dry_run"u8, record.DryRunLimit);
        Add("bytesIn"u8, "in"u8, record.ClientBytes);
        Add("bytesOut"u8, "out"u8, record.UpstreamBytes);
        Add("peeking"u8, record.Peeking);
        Add("queued"u8, record.Queued);
        Add("connecting"u8, record.Connecting);
        Add("connected"u8, record.Connected);
        Add("duration"u8, record.Elapsed);
    }

    private void AddTls(ConnectionRecord record)
    {
        if (record.Tls is { } session)
        {
            Add("tls"u8, session.Version);
            AddKnown("tls_cipher"u8, session.CipherSuite);
            if (session.IsResumed is { } isResumed)
            {
                Add("tls_resumed"u8, isResumed);
            }

            AddKnown("client_subject"u8, session.PeerSubject);
        }

        AddKnown("upstream_tls"u8, record.UpstreamTls?.Version);
        if (record.Outcome is { } outcome && outcome.IsTlsFailure())
        {
            AddKnown("tls_failure"u8, record.TlsFailure);
            AddKnown("tls_error"u8, record.TlsError);
        }
    }

    private void AddKnown(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            Add(name, value);
        }
    }

    // The fields of a connection, in their order, with those of a request between: what reads the log finds the same columns.
    private void Request(RequestRecord request)
    {
        Add("id"u8, request.Id);
        Add("endpoint"u8, request.Local?.ToString());
        Add("route"u8, request.RouteId);
        Add("cluster"u8, request.ClusterId);
        Add("destination"u8, request.DestinationId);
        Add("client"u8, request.Client?.ToString());
        Add("method"u8, request.Method);
        Add("path"u8, request.Path);
        Add("status"u8, "status"u8, request.Status);
        Add("outcome"u8, _outcomes[(int)request.Outcome]);
        Add("error"u8, request.Error);
        Add("bytesIn"u8, "in"u8, request.BytesIn);
        Add("bytesOut"u8, "out"u8, request.BytesOut);
        Add("peeking"u8, value: null);
        Add("queued"u8, value: null);
        Add("connecting"u8, value: null);
        Add("connected"u8, value: null);
        Add("duration"u8, request.Duration);
    }

    private void Add(ReadOnlySpan<byte> name, string? value)
    {
        Name(name, name);
        if (value is not null)
        {
            Write(value);
        }
        else
        {
            WriteNull();
        }
    }

    private void WriteNull()
    {
        if (_json)
        {
            _values.WriteNullValue();
        }
        else
        {
            _bytes.Write("-"u8);
        }
    }

    private void Write(string value)
    {
        if (value.Length <= MaxValue)
        {
            _values.WriteStringValue(value);
        }
        else
        {
            var length = char.IsHighSurrogate(value[MaxValue - 1]) ? MaxValue - 1 : MaxValue;
            _values.WriteStringValue(string.Concat(value.AsSpan(0, length), Ellipsis));
        }

        Flush();
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName, long? value)
    {
        Name(name, textName);
        if (value is { } number)
        {
            _values.WriteNumberValue(number);
            Flush();
        }
        else
        {
            WriteNull();
        }
    }

    private void Add(ReadOnlySpan<byte> name, bool value)
    {
        Name(name, name);
        _values.WriteBooleanValue(value);
        Flush();
    }

    private void Add(ReadOnlySpan<byte> name, TimeSpan value)
    {
        Name(name, name);
        _values.WriteNumberValue(Math.Round(value.TotalSeconds, 6));
        Flush();
    }

    private void Name(ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName)
    {
        if (_json)
        {
            _values.WritePropertyName(name);
            return;
        }

        _bytes.Write(" "u8);
        _bytes.Write(textName);
        _bytes.Write("="u8);
        _values.Reset();
    }

    // In text, each value is a JSON document of its own, flushed before the text between the values is written.
    private void Flush()
    {
        if (!_json)
        {
            _values.Flush();
        }
    }

    private ReadOnlySpan<byte> End()
    {
        if (_json)
        {
            _values.WriteEndObject();
            _values.Flush();
        }

        _bytes.Write("\n"u8);
        return _bytes.WrittenSpan;
    }
}
