using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed partial class AccessLogLineTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 21, 1, 2, 3, TimeSpan.Zero);
    private static readonly string[] _strings = ["id", "endpoint", "route", "cluster", "destination", "client"];
    private static readonly TlsSession _session = new("1.3", "TLS_AES_256_GCM_SHA384", false, "a.example.com", "h2", "CN=a", []);
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_AnyTextInAnyField_OneLineThatReadsBackTheSame(bool json)
    {
        // What breaks lines, quotes and terminals more often than chance would have it; half surrogates too.
        var odd = Gen.Elements('\n', '\r', '"', '\\', '=', ' ', '\0', '\x1b', '\x7f', '\x85', ' ', '‮', '\ud83d', '\udc00', '{', '-');
        var any = Gen.Choose(0, char.MaxValue).Select(static code => (char)code);
        var text =
            from length in Gen.OneOf(Gen.Choose(0, 20), Gen.Choose(AccessLogLine.MaxValue - 2, AccessLogLine.MaxValue + 2))
            from letters in Gen.OneOf(odd, any).ArrayOf(length)
            select new string(letters);
        var fields = text.ArrayOf(_strings.Length);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(fields.ToArbitrary(), values => ReadsBack(values, json)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_AnyBytesAsAUnixPath_OneLine(bool json)
    {
        var paths = Gen.Choose(1, 255)
            .Select(static value => (byte)value)
            .ArrayOf(40)
            .Select(static bytes => Encoding.UTF8.GetString(bytes));

        Check.One(
            Config.QuickThrowOnFailure,
            Prop.ForAll(paths.ToArbitrary(), path => ReadsBack([path, path, path, path, path, path], json))
        );
    }

    [Theory]
    [InlineData(
        true,
        """{"time":"2026-11-21T01:02:03+00:00","event":"request","id":"C:1","endpoint":"127.0.0.1:80","route":"r","cluster":"c","destination":"d","client":"127.0.0.1:5","method":"GET","path":"/a\u0022\nb","status":502,"outcome":"ConnectFailed","error":"Request","bytesIn":1,"bytesOut":2,"peeking":null,"queued":null,"connecting":null,"connected":null,"duration":1.5}"""
    )]
    [InlineData(
        false,
        """2026-11-21T01:02:03.0000000+00:00 request id="C:1" endpoint="127.0.0.1:80" route="r" cluster="c" destination="d" client="127.0.0.1:5" method="GET" path="/a\u0022\nb" status=502 outcome="ConnectFailed" error="Request" in=1 out=2 peeking=- queued=- connecting=- connected=- duration=1.5"""
    )]
    public void Of_Request_EveryField(bool json, string line)
    {
        var request = new RequestRecord
        {
            Id = "C:1",
            Local = IPEndPoint.Parse("127.0.0.1:80"),
            RouteId = "r",
            ClusterId = "c",
            DestinationId = "d",
            Client = IPEndPoint.Parse("127.0.0.1:5"),
            Method = "GET",
            Path = "/a\"\nb",
            Status = 502,
            Outcome = ConnectionOutcome.ConnectFailed,
            Error = "Request",
            BytesIn = 1,
            BytesOut = 2,
            Duration = TimeSpan.FromSeconds(1.5),
        };

        Assert.Equal($"{line}\n", Encoding.UTF8.GetString(AccessLogLine.Of(request, _now, json)));
    }

    [Theory]
    [InlineData(true, "\"status\":null,\"outcome\":\"ClientReset\",\"error\":null,\"bytesIn\":null,\"bytesOut\":null,")]
    [InlineData(false, " status=- outcome=\"ClientReset\" error=- in=- out=- ")]
    public void Of_RequestOfWhichLittleIsKnown_NullAndNotZero(bool json, string part)
    {
        var request = new RequestRecord
        {
            Id = "C:1",
            Method = "GET",
            Path = "/",
            Outcome = ConnectionOutcome.ClientReset,
            Duration = TimeSpan.Zero,
        };

        Assert.Contains(part, Encoding.UTF8.GetString(AccessLogLine.Of(request, _now, json)), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_End_EveryField()
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.CountClientBytes(14);
        record.CountUpstreamBytes(7);
        record.AddQueued(TimeSpan.FromSeconds(1.5));
        record.DialEnded(TimeSpan.FromMilliseconds(20), succeeded: true);
        _time.Advance(TimeSpan.FromSeconds(2));
        record.TryEnd(ConnectionOutcome.IdleTimeout);

        Assert.Equal(
            """{"time":"2026-11-21T01:02:03+00:00","event":"end","id":"1","endpoint":"e","route":"r","cluster":"c","destination":"d","client":"127.0.0.1:5","outcome":"IdleTimeout","bytesIn":14,"bytesOut":7,"peeking":0.25,"queued":1.5,"connecting":0.02,"connected":2,"duration":2.25}"""
                + "\n",
            Line(record, AccessLogEvent.End, json: true)
        );
        Assert.Equal(
            "2026-11-21T01:02:03.0000000+00:00 end id=\"1\" endpoint=\"e\" route=\"r\" cluster=\"c\" destination=\"d\" client=\"127.0.0.1:5\" "
                + "outcome=\"IdleTimeout\" in=14 out=7 peeking=0.25 queued=1.5 connecting=0.02 connected=2 duration=2.25\n",
            Line(record, AccessLogEvent.End, json: false)
        );
    }

    [Theory]
    [InlineData(
        true,
        """
            "server_name":"a.example.com","alpn":"h2\u001B\n","tls":"1.3","tls_cipher":"TLS_AES_256_GCM_SHA384","tls_resumed":false,"client_subject":"CN=\u0022a\u001B[31m\nb\u0022","upstream_tls":"1.2","outcome":"Completed",
            """
    )]
    [InlineData(
        false,
        """
             server_name="a.example.com" alpn="h2\u001B\n" tls="1.3" tls_cipher="TLS_AES_256_GCM_SHA384" tls_resumed=false client_subject="CN=\u0022a\u001B[31m\nb\u0022" upstream_tls="1.2" outcome="Completed" 
            """
    )]
    public void Of_TlsOnBothSides_WhatWasAgreedOnOnOneLine(bool json, string part)
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.SetHello("a.example.com", ["h2", "http/1.1"]);
        record.Tls = _session with { ApplicationProtocol = "h2\x1b\n", PeerSubject = "CN=\"a\x1b[31m\nb\"" };
        record.UpstreamTls = new("1.2", null, null, null, null, null, []);
        record.TryEnd(ConnectionOutcome.Completed);

        var line = Line(record, AccessLogEvent.End, json);

        Assert.Contains(part, line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(4, "0")]
    [InlineData(6, "0.000001")]
    [InlineData(10, "0.000001")]
    [InlineData(1_230_000, "0.123")]
    [InlineData(10_000_000, "1")]
    [InlineData(12_345_678, "1.234568")]
    [InlineData(9_999_999, "1")]
    [InlineData(864_000_000_010, "86400.000001")]
    [InlineData(-5_000_000, "-0.5")]
    public void Of_Duration_SecondsToTheMicrosecondWithoutExponentAndZeros(long ticks, string expected)
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.AddQueued(TimeSpan.FromTicks(ticks));

        Assert.Contains($",\"queued\":{expected},", Line(record, AccessLogEvent.End, json: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "2026-11-21T01:02:03+00:00")]
    [InlineData(1_200_000, "2026-11-21T01:02:03.12+00:00")]
    [InlineData(1, "2026-11-21T01:02:03.0000001+00:00")]
    [InlineData(9_999_990, "2026-11-21T01:02:03.999999+00:00")]
    public void OfDropped_FractionOfASecond_WithoutZerosAtTheEnd(long ticks, string expected) =>
        Assert.StartsWith(
            $"{{\"time\":\"{expected}\",",
            Encoding.UTF8.GetString(AccessLogLine.OfDropped(5, _now.AddTicks(ticks), json: true)),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("127.0.0.1:5")]
    [InlineData("[2001:db8::1]:65535")]
    [InlineData("[fe80::1%3]:80")]
    [InlineData("[::ffff:192.0.2.1]:80")]
    public void Of_AddressOfClient_AsItsText(string address)
    {
        var connection = new FakeConnection("1") { RemoteEndPoint = IPEndPoint.Parse(address) };

        Assert.Contains(
            $",\"client\":\"{connection.RemoteEndPoint}\",",
            Line(new(connection, "e", "", _time), AccessLogEvent.End, json: true),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true, "\"alpn\":\"h2,http/1.1\",\"outcome\"")]
    [InlineData(false, " alpn=\"h2,http/1.1\" outcome=")]
    public void Of_TlsPassedThrough_WhatWasOfferedAndNothingElse(bool json, string part)
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.SetHello("a.example.com", ["h2", "http/1.1"]);

        Assert.Contains(part, Line(record, AccessLogEvent.Start, json), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_TerminatedWithoutAgreement_NoApplicationProtocolAndNoUnknownValue()
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.SetHello("a.example.com", ["h2"]);
        record.Tls = new("1.2", null, null, "a.example.com", null, null, []);

        Assert.Contains(
            "\"server_name\":\"a.example.com\",\"tls\":\"1.2\",\"outcome\"",
            Line(record, AccessLogEvent.Start, json: true),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true, "\"tls_failure\":\"NotTls\",\"tls_error\":\"the client does not speak TLS\",\"outcome\":\"TlsFailed\"")]
    [InlineData(false, " tls_failure=\"NotTls\" tls_error=\"the client does not speak TLS\" outcome=\"TlsFailed\" ")]
    public void Of_TlsFailed_ReasonAsInMetricsAndInWords(bool json, string part)
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.ClientTlsFailed("NotTls", "the client does not speak TLS", TimeSpan.Zero);
        record.TryEnd(ConnectionOutcome.TlsFailed);

        Assert.Contains(part, Line(record, AccessLogEvent.End, json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConnectionOutcome.ConnectFailed)]
    [InlineData(ConnectionOutcome.Completed)]
    public void Of_EndedOtherwiseAfterAnAttemptThatFailedTls_NoReason(ConnectionOutcome outcome)
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.UpstreamTlsFailed("d.example.com", "CertificateRefused", "expired", TimeSpan.Zero);
        record.TryEnd(outcome);

        Assert.DoesNotContain("tls", Line(record, AccessLogEvent.End, json: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_LongSubject_IsCut()
    {
        var record = Record(["1", "e", "r", "c", "d", "127.0.0.1:5"]);
        record.Tls = _session with { PeerSubject = $"CN={new string('x', 60_000)}" };

        Assert.InRange(Line(record, AccessLogEvent.Start, json: true).Length, AccessLogLine.MaxValue, AccessLogLine.MaxValue + 600);
    }

    [Fact]
    public void Of_NoRouteAndNotEnded_NullsAndItIsStillPeeking()
    {
        var record = new ConnectionRecord(new FakeConnection("1"), "e", "", _time);
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(
            "2026-11-21T01:02:03.0000000+00:00 progress id=\"1\" endpoint=\"e\" route=- cluster=- destination=- client=- "
                + "outcome=- in=0 out=0 peeking=3 queued=0 connecting=0 connected=0 duration=3\n",
            Line(record, AccessLogEvent.Progress, json: false)
        );
    }

    [Theory]
    [InlineData(true, """{"time":"2026-11-21T01:02:03+00:00","event":"dropped","dropped":5}""")]
    [InlineData(false, "2026-11-21T01:02:03.0000000+00:00 dropped dropped=5")]
    public void OfDropped_Count_IsTold(bool json, string line) =>
        Assert.Equal(line + "\n", Encoding.UTF8.GetString(AccessLogLine.OfDropped(5, _now, json)));

    private void ReadsBack(string[] values, bool json)
    {
        var line = Line(Record(values), AccessLogEvent.Start, json);

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], static letter => letter is < ' ' or > '~');
        var read = json ? ReadJson(line) : ReadText(line);
        Assert.Equal(values.Select(Expected), _strings.Select(name => read[name]));
    }

    private static Dictionary<string, string?> ReadJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document
            .RootElement.EnumerateObject()
            .Where(static field => field.Value.ValueKind == JsonValueKind.String)
            .ToDictionary(static field => field.Name, static field => field.Value.GetString());
    }

    private static Dictionary<string, string?> ReadText(string line) =>
        Pair()
            .Matches(line)
            .ToDictionary(
                static pair => pair.Groups[1].Value,
                static pair => pair.Groups[2].Value.StartsWith('"') ? JsonSerializer.Deserialize<string>(pair.Groups[2].Value) : null
            );

    // Half a surrogate is no character; what is too long is cut in front of a character.
    private static string Expected(string value)
    {
        var cut =
            value.Length <= AccessLogLine.MaxValue ? value
            : char.IsHighSurrogate(value[AccessLogLine.MaxValue - 1]) ? value[..(AccessLogLine.MaxValue - 1)] + "…"
            : value[..AccessLogLine.MaxValue] + "…";
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut));
    }

    private ConnectionRecord Record(string[] values)
    {
        var connection = new FakeConnection(values[0]) { RemoteEndPoint = new Named(values[5]) };
        var record = new ConnectionRecord(connection, values[1], "", _time);
        _time.Advance(TimeSpan.FromSeconds(0.25));
        record.RouteId = values[2];
        record.ClusterId = values[3];
        record.DestinationId = values[4];
        return record;
    }

    private static string Line(ConnectionRecord record, AccessLogEvent @event, bool json) =>
        Encoding.UTF8.GetString(AccessLogLine.Of(record, @event, _now, json));

    [GeneratedRegex("""(\w+)=("(?:[^"\\]|\\.)*"|\S+)""")]
    private static partial Regex Pair();

    /// <summary>An address that looks as it is told to.</summary>
    private sealed class Named(string text) : EndPoint
    {
        public override string ToString() => text;
    }
}
