namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class MultiplexRouteValidatorTests : IDisposable
{
    private const string Route = "ReverseProxy:TcpRoutes:r:";
    private const string Cluster = "ReverseProxy:Clusters:c:";
    private const string Modbus = "'Protocol': 'modbus-tcp'";
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("'Protocol': 'modbus-tcp'", "")]
    [InlineData("'Protocol': 'MODBUS-TCP', 'MaxInFlight': 16, 'LateReply': 'Discard', 'Connections': 2", "")]
    [InlineData("'Protocol': 'http1', 'MaxInFlight': 4, 'LateReply': 'Reconnect'", "")]
    [InlineData(Modbus + ", 'LateReply': 'Drain', 'Connections': 2", "")]
    [InlineData("'Framing': { 'LengthField': {} }, 'Correlation': { 'Offset': 2, 'Size': 2 }, 'MaxInFlight': 4", "")]
    [InlineData("'Protocol': 'ISO8583', 'Correlation': { 'Offset': 2, 'Size': 8 }, 'MaxInFlight': 4", "")]
    [InlineData("'Protocol': 'mpu', 'Correlation': { 'Offset': 4, 'Size': 4 }, 'MaxInFlight': 4", "")]
    [InlineData("'Protocol': 'mpu', 'Correlation': { 'Offset': 9999, 'Size': 4 }", "")] // the last bytes there are
    [InlineData("'Framing': { 'LengthField': {} }, 'NoReplyWhen': { 'Offset': 2, 'Equals': '00' }, 'LateReply': 'Drain'", "")]
    [InlineData(Modbus, "'Protocol': 'modbus-rtu-over-tcp'")]
    [InlineData("'Protocol': 'modbus-rtu-over-tcp'", "'Protocol': 'modbus-tcp'")]
    [InlineData(
        Modbus,
        "'Modbus': { 'Writes': 'Deny', 'AllowedWrites': [{ 'Unit': 1, 'Registers': '40000-40010' }], 'UnitMap': { '1': 247 } }"
    )]
    [InlineData(Modbus, "'Modbus': { 'Units': { '7': { 'ClusterId': 'c' } } }")]
    [InlineData(Modbus + ", 'KeepUnused': 'None', 'MaxAge': '01:00:00', 'Connect': 'Always', 'Retry': 'None'", "'QueueTimeout': 'None'")]
    public void Check_Multiplex_Accepted(string cluster, string route) => Assert.Empty(Errors(cluster, route));

    [Theory]
    [InlineData("'Connections': 1", "", Cluster + "Multiplex: has neither Protocol nor Framing; known protocols: 'line',")]
    [InlineData(
        "'Protocol': 'line', 'Framing': { 'LengthField': {} }",
        "",
        Cluster + "Multiplex: has both Protocol and Framing; keep one of them."
    )]
    [InlineData("'Protocol': 'modbus-tpc'", "", Cluster + "Multiplex:Protocol: no protocol 'modbus-tpc'; did you mean 'modbus-tcp'?")]
    [InlineData(
        "'Protocol': 'iso8583', 'MaxInFlight': 2",
        "",
        Cluster + "Multiplex:MaxInFlight: more than 1 needs a protocol whose replies come in order"
    )]
    [InlineData(
        "'Protocol': 'line', 'LateReply': 'Discard'",
        "",
        Cluster + "Multiplex:LateReply: 'Discard' recognizes a late reply by its correlation id"
    )]
    [InlineData(
        "'Protocol': 'iso8583', 'Correlation': { 'Offset': 0, 'Size': 4 }",
        "",
        Cluster + "Multiplex:Correlation:Offset: 0 is within the length at the start of 'iso8583'; write 2 or more."
    )]
    [InlineData(
        "'Protocol': 'iso8583', 'Correlation': { 'Offset': 1, 'Size': 1 }",
        "",
        Cluster + "Multiplex:Correlation:Offset: 1 is within the length at the start of 'iso8583'; write 2 or more."
    )]
    [InlineData(
        "'Protocol': 'mpu', 'Correlation': { 'Offset': 3, 'Size': 4 }",
        "",
        Cluster + "Multiplex:Correlation:Offset: 3 is within the length at the start of 'mpu'; write 4 or more."
    )]
    [InlineData(
        "'Protocol': 'mpu', 'Correlation': { 'Offset': 10000, 'Size': 4 }",
        "",
        Cluster + "Multiplex:Correlation: ends at byte 10004, but messages of 'mpu' have at most 10003; write a smaller Offset."
    )]
    [InlineData(
        "'Protocol': 'modbus-tcp', 'Correlation': { 'Offset': 4, 'Size': 2 }",
        "",
        Cluster + "Multiplex:Correlation: 'modbus-tcp' has an id of its own, which is used; leave Correlation out."
    )]
    [InlineData(
        "'Protocol': 'modbus-tcp-crc', 'Correlation': { 'Offset': 0, 'Size': 2 }",
        "",
        Cluster + "Multiplex:Correlation: 'modbus-tcp-crc' has an id of its own"
    )]
    [InlineData(
        "'Protocol': 'line', 'Correlation': { 'Offset': 0, 'Size': 2 }, 'MaxInFlight': 4",
        "",
        Cluster
            + "Multiplex:Correlation: 'line' has no place for an id; leave it out, or use 'iso8583', 'mpu' or a Framing other than Delimiter."
    )]
    [InlineData(
        "'Protocol': 'http1', 'Correlation': { 'Offset': 5, 'Size': 2 }",
        "",
        Cluster + "Multiplex:Correlation: 'http1' has no place"
    )]
    [InlineData(
        "'Protocol': 'modbus-rtu-over-tcp', 'Correlation': { 'Offset': 0, 'Size': 1 }",
        "",
        Cluster + "Multiplex:Correlation: 'modbus-rtu-over-tcp' has no place"
    )]
    [InlineData(
        "'Protocol': 'modbus-ascii', 'Correlation': { 'Offset': 1, 'Size': 2 }",
        "",
        Cluster + "Multiplex:Correlation: 'modbus-ascii' has no place"
    )]
    [InlineData(
        "'Protocol': 'line', 'LateReply': 'Drain', 'MaxInFlight': 2",
        "",
        Cluster
            + "Multiplex:LateReply: 'Drain' waits until the connection is silent, so no other request may be in flight; leave MaxInFlight at 1"
    )]
    [InlineData(
        "'Framing': { 'IdleGap': { 'After': '00:00:00.050' } }, 'Correlation': { 'Offset': 0, 'Size': 2 }, 'MaxInFlight': 2",
        "",
        Cluster + "Multiplex:MaxInFlight: two replies without a pause"
    )]
    [InlineData(
        Modbus + ", 'LateReply': 'Drain', 'MaxInFlight': 4",
        "",
        Cluster + "Multiplex:LateReply: 'Drain' waits until the connection is silent"
    )]
    [InlineData("'Protocol': 'line', 'Modbus': {}", "", Cluster + "Multiplex:Modbus: is for Modbus, and")]
    [InlineData(
        "'Protocol': 'line', 'RetryDelay': '00:01:00'",
        "",
        Cluster + "Multiplex:MaxRetryDelay: 00:00:30 is less than the RetryDelay of 00:01:00; write at least that."
    )]
    [InlineData("'Protocol': 'line', 'MaxInFlite': 2", "", Cluster + "Multiplex:MaxInFlite: unknown key; did you mean 'MaxInFlight'?")]
    [InlineData(
        "'Protocol': 'line'",
        "'Protocol': 'modbus-tcp'",
        Route + "Multiplex:Protocol: there is no conversion from 'modbus-tcp': cluster 'c' speaks 'line'."
    )]
    [InlineData(
        "'Framing': { 'LengthField': {} }",
        "'Protocol': 'line'",
        Route + "Multiplex:Protocol: there is no conversion from 'line': cluster 'c' declares its framing."
    )]
    [InlineData(Modbus, "'Protocol': 'modbus'", Route + "Multiplex:Protocol: no protocol 'modbus'")]
    [InlineData("'Protocol': 'line'", "'Modbus': {}", Route + "Multiplex:Modbus: is for Modbus, and")]
    [InlineData(
        Modbus,
        "'Modbus': { 'AllowedWrites': [{ 'Registers': '9-5' }] }",
        Route + "Multiplex:Modbus:AllowedWrites:0:Registers: '9-5' is no range of registers;"
    )]
    [InlineData(
        Modbus,
        "'Modbus': { 'AllowedWrites': [{ 'Unit': 256, 'Registers': '5' }] }",
        Route + "Multiplex:Modbus:AllowedWrites:0:Unit: 256 is out of range; 0 to 255 is allowed."
    )]
    [InlineData(
        Modbus,
        "'Modbus': { 'UnitMap': { 'x': 1 } }",
        Route + "Multiplex:Modbus:UnitMap:x: 'x' is no unit id; write a number from 0 to 255."
    )]
    [InlineData(Modbus, "'Modbus': { 'UnitMap': { '01': 1 } }", Route + "Multiplex:Modbus:UnitMap:01: '01' is no unit id;")]
    [InlineData(
        Modbus,
        "'Modbus': { 'UnitMap': { '1': 300 } }",
        Route + "Multiplex:Modbus:UnitMap:1: 300 is out of range; 0 to 255 is allowed."
    )]
    [InlineData(
        Modbus,
        "'Modbus': { 'Units': { '1': { 'ClusterId': 'gone' } } }",
        Route + "Multiplex:Modbus:Units:1:ClusterId: no cluster 'gone';"
    )]
    [InlineData(
        Modbus,
        "'Modbus': { 'Units': { '1': { 'ClusterId': 'plain' } } }",
        Route + "Multiplex:Modbus:Units:1:ClusterId: cluster 'plain' has no Multiplex block;"
    )]
    [InlineData(Modbus, "'QueueLimit': 0", Route + "Multiplex:QueueLimit: 0 is out of range;")]
    public void Check_Multiplex_RefusedAtItsKey(string cluster, string route, string expected) =>
        Assert.StartsWith(expected, Without(Assert.Single(Errors(cluster, route))), StringComparison.Ordinal);

    [Fact]
    public void Check_ClusterWithoutBlock_IsNamedAtTheRoute() =>
        Assert.StartsWith(
            Route + "ClusterId: cluster 'plain' has no Multiplex block;",
            Without(Assert.Single(Read("'ClusterId': 'plain', 'Mode': 'Multiplex'", Modbus))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Check_BlockOnAForwardRoute_IsRefused() =>
        Assert.StartsWith(
            Route + "Multiplex: is for routes with Mode Multiplex; this one has Mode Forward.",
            Without(Assert.Single(Read("'ClusterId': 'c', 'Multiplex': {}", Modbus))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Check_ActiveHealthCheck_WouldBeAConnectionMore() =>
        Assert.StartsWith(
            Cluster + "HealthCheck:Active:Enabled: route 'r' multiplexes this cluster",
            Without(
                Assert.Single(Read("'ClusterId': 'c', 'Mode': 'Multiplex'", Modbus, "'HealthCheck': { 'Active': { 'Enabled': true } },"))
            ),
            StringComparison.Ordinal
        );

    public void Dispose() => _document.Dispose();

    // Without the file and the line.
    private static string Without(string error) => error[error.IndexOf("ReverseProxy", StringComparison.Ordinal)..];

    private List<string> Errors(string cluster, string route) =>
        Read($"'ClusterId': 'c', 'Mode': 'Multiplex', 'Multiplex': {{ {route} }}", cluster);

    private List<string> Read(string route, string multiplex, string cluster = "") =>
        [
            .. _document
                .Read(
                    $$"""
                    { 'ReverseProxy': {
                      'TcpRoutes': { 'r': { 'Listen': '127.0.0.1:1', {{route}} } },
                      'Clusters': {
                        'c': { {{cluster}} 'Destinations': { 'd': { 'Address': 'tcp://h:1' } }, 'Multiplex': { {{multiplex}} } },
                        'plain': { 'Destinations': { 'd': { 'Address': 'tcp://h:2' } } } } } }
                    """.Replace('\'', '"')
                )
                .Errors.Select(static error => error.ToString()),
        ];
}
