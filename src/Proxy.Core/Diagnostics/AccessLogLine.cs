using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
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
    private const int TimeWithoutFraction = 19; // yyyy-MM-ddTHH:mm:ss
    private const int MaxNumber = 32;
    private const int MaxAddress = 80; // of IPv6 with its scope, brackets, port and quotes
    private const long Million = 1_000_000;
    private const string Ellipsis = "…";

    private static readonly JsonWriterOptions _options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.Default };

    // What the encoder leaves as it is, so that nearly all values are copied.
    private static readonly SearchValues<char> _plain = SearchValues.Create([
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(static code => (char)code).Except("\"&'+<>\\`"),
    ]);

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
        line.Head(now, name);
        return line;
    }

    private void Head(DateTimeOffset now, ReadOnlySpan<byte> name)
    {
        if (_json)
        {
            _bytes.Write("{\"time\":\""u8);
            WriteTime(now, isShort: true);
            _bytes.Write("\",\"event\":\""u8);
            _bytes.Write(name);
            _bytes.Write("\""u8);
            return;
        }

        WriteTime(now, isShort: false);
        _bytes.Write(" "u8);
        _bytes.Write(name);
    }

    private void WriteTime(DateTimeOffset now, bool isShort)
    {
        var text = _bytes.GetSpan(MaxTime);
        now.TryFormat(text, out var written, "O");
        if (isShort)
        {
            const int End = TimeWithoutFraction + 1 + 7;
            var fraction = text[TimeWithoutFraction..End].TrimEnd((byte)'0').TrimEnd((byte)'.').Length;
            text[End..written].CopyTo(text[(TimeWithoutFraction + fraction)..]);
            written -= End - TimeWithoutFraction - fraction;
        }

        _bytes.Advance(written);
    }

    private void Connection(ConnectionRecord record, AccessLogEvent @event)
    {
        Add("id"u8, record.Id);
        Add("endpoint"u8, record.EndpointId);
        Add("route"u8, record.RouteId);
        Add("cluster"u8, record.ClusterId);
        Add("destination"u8, record.DestinationId);
        Add("client"u8, record.Client);
        if (record.Peer is { } peer)
        {
            Add("peer"u8, peer);
        }

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
        Add("endpoint"u8, request.Local);
        Add("route"u8, request.RouteId);
        Add("cluster"u8, request.ClusterId);
        Add("destination"u8, request.DestinationId);
        Add("client"u8, request.Client);
        Add("method"u8, request.Method);
        Add("path"u8, request.Path);
        Add("status"u8, "status"u8, request.Status);
        Add("outcome"u8, _outcomes[(int)request.Outcome]);
        Add("error"u8, request.Error);
        Add("bytesIn"u8, "in"u8, request.BytesIn);
        Add("bytesOut"u8, "out"u8, request.BytesOut);
        Add("peeking"u8, (string?)null);
        Add("queued"u8, (string?)null);
        Add("connecting"u8, (string?)null);
        Add("connected"u8, (string?)null);
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

    private void Add(ReadOnlySpan<byte> name, EndPoint? endPoint)
    {
        if (endPoint is IPEndPoint address)
        {
            Name(name, name);
            Write(address);
        }
        else
        {
            Add(name, endPoint?.ToString());
        }
    }

    // As its ToString, which makes three strings.
    private void Write(IPEndPoint address)
    {
        var isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        _bytes.Write(isV6 ? "\"["u8 : "\""u8);
        var text = _bytes.GetSpan(MaxAddress);
        address.Address.TryFormat(text, out var written);
        _bytes.Advance(written);
        _bytes.Write(isV6 ? "]:"u8 : ":"u8);
        Write(address.Port);
        _bytes.Write("\""u8);
    }

    private void WriteNull() => _bytes.Write(_json ? "null"u8 : "-"u8);

    private void Write(string value)
    {
        if (value.Length <= MaxValue && !value.AsSpan().ContainsAnyExcept(_plain))
        {
            var text = _bytes.GetSpan(value.Length + 2);
            text[0] = (byte)'"';
            Encoding.ASCII.GetBytes(value, text[1..]);
            text[value.Length + 1] = (byte)'"';
            _bytes.Advance(value.Length + 2);
            return;
        }

        var length =
            value.Length <= MaxValue ? value.Length
            : char.IsHighSurrogate(value[MaxValue - 1]) ? MaxValue - 1
            : MaxValue;
        _values.Reset(); // each value is a document of its own
        _values.WriteStringValue(length == value.Length ? value : string.Concat(value.AsSpan(0, length), Ellipsis));
        _values.Flush();
    }

    private void Write(long value)
    {
        Utf8Formatter.TryFormat(value, _bytes.GetSpan(MaxNumber), out var written);
        _bytes.Advance(written);
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName, long? value)
    {
        Name(name, textName);
        if (value is { } number)
        {
            Write(number);
        }
        else
        {
            WriteNull();
        }
    }

    private void Add(ReadOnlySpan<byte> name, bool value)
    {
        Name(name, name);
        _bytes.Write(value ? "true"u8 : "false"u8);
    }

    // Seconds, to the microsecond, without zeros at the end.
    private void Add(ReadOnlySpan<byte> name, TimeSpan value)
    {
        Name(name, name);
        var (seconds, fraction) = Math.DivRem((long)Math.Round(value.Ticks / (double)TimeSpan.TicksPerMicrosecond), Million);
        if (seconds == 0 && fraction < 0)
        {
            _bytes.Write("-"u8);
        }

        Write(seconds);
        if (fraction == 0)
        {
            return;
        }

        var digits = _bytes.GetSpan(MaxNumber)[..7];
        digits[0] = (byte)'.';
        Utf8Formatter.TryFormat(Math.Abs(fraction), digits[1..], out _, new StandardFormat('D', 6));
        _bytes.Advance(digits.TrimEnd((byte)'0').Length);
    }

    private void Name(ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName)
    {
        _bytes.Write(_json ? ",\""u8 : " "u8);
        _bytes.Write(_json ? name : textName);
        _bytes.Write(_json ? "\":"u8 : "="u8);
    }

    private ReadOnlySpan<byte> End()
    {
        _bytes.Write(_json ? "}\n"u8 : "\n"u8);
        return _bytes.WrittenSpan;
    }
}
