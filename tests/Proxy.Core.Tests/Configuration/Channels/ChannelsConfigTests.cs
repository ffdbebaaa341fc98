using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Configuration.Channels;

public sealed class ChannelsConfigTests : IDisposable
{
    private const string Tls =
        "'Url': 'https://0.0.0.0:15008', 'Certificate': { 'Path': 'c', 'KeyPath': 'k' }, 'TrustBundle': 'b', 'TrustDomain': 'example.org'";

    private readonly ConfigDocument _document = new();

    [Fact]
    public void Read_WhatTheDesignShows_IsAsWritten()
    {
        var channels = Read(
            Document(
                items: """
                'myRequest3': { 'Type': 'Request', 'Connector': 'db', 'Port': 9200, 'WhenEmpty': 'Refuse' },
                'myReply4': { 'Type': 'Reply', 'Connector': 'db', 'Port': 9200, 'Ready': 'None', 'Allow': ['B_*'] },
                'myDuplex1': { 'Type': 'Duplex', 'Connector': 'ring', 'Mode': 'Both', 'MinPort': 9100, 'MaxPort': 9102, 'Offer': ['A_*'] }
                """
            )
        );

        Assert.Equal([9100, 9101, 9102], channels.Items["MYDUPLEX1"].AllPorts);
        Assert.Equal(ReadyCheck.None, channels.Items["myReply4"].Ready);
        Assert.Equal(
            (1, 64, 10_000),
            (channels.Tunnel.ConnectionsPerPeer, channels.Tunnel.MaxStreamsPerConnection, channels.Tunnel.MaxTunnelsPerPeer)
        );
        Assert.Equal(TimeSpan.FromSeconds(30), channels.Tunnel.DrainTimeout);
        Assert.Equal("channels.state.json", channels.Loopback.StateFile);
        Assert.Equal(TimeSpan.Zero, channels.MemberDrainTimeout);
        Assert.Equal((0.2, 2), (channels.Notify.Debounce.Min.TotalSeconds, channels.Notify.Debounce.Max.TotalSeconds));
    }

    [Theory]
    [InlineData("'r': { 'Type': 'Request', 'Port': 1 }", "Items:r:Connector")]
    [InlineData("'r': { 'Connector': 'db', 'Port': 1 }", "Items:r:Type")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'd b', 'Port': 1 }", "Items:r:Connector")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db' }", "Items:r")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Ports': [1] }", "Items:r")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Port': 1, 'Mode': 'Both' }", "Items:r:Mode")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Port': 1, 'Allow': ['a'] }", "Items:r:Allow")]
    [InlineData("'r': { 'Type': 'Reply', 'Connector': 'db', 'Port': 1, 'Offer': ['a'] }", "Items:r:Offer")]
    [InlineData("'r': { 'Type': 'Reply', 'Connector': 'db', 'Port': 1, 'Allow': ['a', ' '] }", "Items:r:Allow:1")]
    [InlineData("'r': { 'Type': 'Reply', 'Connector': 'db', 'Port': 1, 'WhenEmpty': 'Refuse' }", "Items:r:WhenEmpty")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Port': 1, 'Ready': 'None' }", "Items:r:Ready")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Port': 1, 'Ready': 'OnDial' }", "Items:r:Ready")]
    [InlineData("'r': { 'Type': 'Request', 'Connector': 'db', 'Port': 1, 'ReadyInterval': '00:00:05' }", "Items:r:ReadyInterval")]
    [InlineData(
        "'r': { 'Type': 'Reply', 'Connector': 'db', 'Port': 1, 'Ready': 'None', 'ReadyInterval': '00:00:05' }",
        "Items:r:ReadyInterval"
    )]
    [InlineData("'r': { 'Type': 'Reply', 'Connector': 'db', 'Port': 1, 'ReadyInterval': '00:00:00' }", "Items:r:ReadyInterval")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Port': 1 }", "Items:r:Mode")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Mode': 'Bind', 'Port': 1, 'Ports': [2] }", "Items:r")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Mode': 'Bind', 'MinPort': 5, 'MaxPort': 4 }", "Items:r")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Mode': 'Bind', 'MinPort': 5 }", "Items:r")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Mode': 'Bind', 'Ports': [5, 70000] }", "Items:r:Ports")]
    [InlineData("'r': { 'Type': 'Duplex', 'Connector': 'x', 'Mode': 'Bind', 'Ports': [] }", "Items:r")]
    [InlineData(
        "'a': { 'Type': 'Reply', 'Connector': 'x', 'Port': 1 }, 'b': { 'Type': 'Reply', 'Connector': 'X', 'Port': 2 }",
        "Items:b:Connector"
    )]
    [InlineData(
        "'a': { 'Type': 'Duplex', 'Mode': 'Bind', 'Connector': 'x', 'Port': 1 }, 'b': { 'Type': 'Duplex', 'Mode': 'Bind', 'Connector': 'y', 'Port': 1 }",
        "Items:b"
    )]
    public void Read_ChannelThatCannotBe_IsTheOnlyError(string items, string path) => Expect(Document(items: items), path);

    [Theory]
    [InlineData("'Id': 'A_0'")]
    [InlineData("'Id': 'A_65532'")]
    [InlineData("'Id': '7'")]
    [InlineData("'Id': 'a-b_c-12'")]
    [InlineData("'Id': 'alpha', 'Ordinal': 65532")]
    public void Read_InstanceWithANumber_IsFine(string instance) => Read(Document(instance: instance));

    [Theory]
    [InlineData("'Id': 'A_65533'", "Instance:Id")]
    [InlineData("'Id': 'alpha'", "Instance:Id")]
    [InlineData("'Id': 'A_1x'", "Instance:Id")]
    [InlineData("'Id': 'A.1'", "Instance:Id")]
    [InlineData("'Id': 'alpha', 'Ordinal': 65533", "Instance:Ordinal")]
    [InlineData("", "Instance:Id")]
    public void Read_InstanceWithoutANumber_IsTheOnlyError(string instance, string path) => Expect(Document(instance: instance), path);

    [Theory]
    [InlineData("'Url': 'http://127.0.0.1:1'")]
    [InlineData("'Url': 'http://[::1]:1'")]
    [InlineData("'Url': 'http://0.0.0.0:1', 'AllowInsecure': true")]
    [InlineData(Tls)]
    public void Read_TunnelThatIsGuarded_IsFine(string tunnel) => Read(Document(tunnel: tunnel));

    [Theory]
    [InlineData("'Url': 'http://0.0.0.0:1'", "Tunnel:Url")]
    [InlineData("'Url': 'http://*:1'", "Tunnel:Url")]
    [InlineData("'Url': 'http://127.0.0.1:1/x'", "Tunnel:Url")]
    [InlineData("'Url': 'https://name:1', 'TrustBundle': 'b'", "Tunnel:Url")]
    [InlineData("'Url': 'http://127.0.0.1:1', 'Advertise': 'nowhere'", "Tunnel:Advertise")]
    [InlineData(
        "'Url': 'https://*:1'",
        "Tunnel:Certificate:Path",
        "Tunnel:Certificate:KeyPath",
        "Tunnel:TrustBundle",
        "Tunnel:TrustDomain"
    )]
    public void Read_TunnelThatIsNot_IsTheOnlyError(string tunnel, params string[] paths) => Expect(Document(tunnel: tunnel), paths);

    [Fact]
    public void Read_TunnelForEverybody_IsWarnedAbout() =>
        Assert.Contains(
            _document.Read(Document(tunnel: "'Url': 'http://0.0.0.0:1', 'AllowInsecure': true")).Warnings,
            static warning => warning.Path == "Channels:Tunnel:AllowInsecure"
        );

    [Fact]
    public void Read_MembersThatCannotBe_AreErrors() =>
        Expect(
            Document(
                members: "'A 1': { 'Address': 'h:1' }, 'A_2': { 'Address': 'h' }, 'A_3': { 'Address': 'h:1', 'Connectors': ['x', ''] }"
            ),
            "Membership:Members:A 1",
            "Membership:Members:A_2:Address",
            "Membership:Members:A_3:Connectors:1"
        );

    [Fact]
    public void Read_MembersByName_IsAsWritten()
    {
        var membership = Read(Document(provider: "'Provider': 'Dns', 'Dns': { 'Name': 'a.default.svc', 'Port': 1 }")).Membership;

        Assert.Equal(("a.default.svc", 1, 5.0), (membership.Dns!.Name, membership.Dns.Port, membership.Dns.Refresh.TotalSeconds));
        Assert.Equal((0.34, 30.0), (membership.Guard.MaxLossFraction, membership.Guard.Hold.TotalSeconds));
    }

    [Theory]
    [InlineData("'Provider': 'Dns'", "Membership:Dns:Name")]
    [InlineData("'Provider': 'Dns', 'Dns': { 'Name': 'a b' }", "Membership:Dns:Name")]
    [InlineData("'Provider': 'Dns', 'Dns': { 'Name': 'a', 'Port': 0 }", "Membership:Dns:Port")]
    [InlineData("'Provider': 'Dns', 'Dns': { 'Name': 'a' }, 'Members': { 'A_1': { 'Address': 'h:1' } }", "Membership:Members")]
    [InlineData("'Dns': { 'Name': 'a' }", "Membership:Dns")]
    [InlineData("'Provider': 'Engine'", "Membership:Provider")] // without the section Engine
    [InlineData("'Provider': 'Engine', 'Dns': { 'Name': 'a' }", "Membership:Dns", "Membership:Provider")]
    [InlineData("'Provider': 'Sttic'", "Membership:Provider")]
    [InlineData("'Guard': { 'MaxLossFraction': 1.1 }", "Membership:Guard:MaxLossFraction")]
    [InlineData("'Guard': { 'MaxLossFraction': -0.1 }", "Membership:Guard:MaxLossFraction")]
    public void Read_MembershipThatCannotBe_IsTheOnlyError(string provider, params string[] paths) =>
        Expect(Document(provider: provider), paths);

    [Theory]
    [InlineData("'Id': 'A_10'")]
    [InlineData("'Id': 'web-a'")] // claims an address
    [InlineData("'Id': 'web-a', 'Ordinal': 7")]
    public void Read_MembersOfTheEngine_AreFine(string instance) =>
        Assert.Equal("engine", Read(WithEngine("", instance, "'Provider': 'engine'")).Membership.Provider);

    [Fact]
    public void Read_EngineOfTheSameGroup_IsFine() => Read(WithEngine("'Group': 'prod', ", "'Id': 'A_10'", "'Provider': 'Engine'"));

    [Fact]
    public void Read_EngineOfAnotherGroup_IsTheOnlyError() =>
        Assert.Equal(
            ["Engine:Group"],
            _document
                .Read(WithEngine("'Group': 'test', ", "'Id': 'A_10'", "'Provider': 'Engine'"))
                .Errors.Select(static error => error.Path)
        );

    [Theory]
    [InlineData("'Provider': 'Engine', 'Members': { 'A_1': { 'Address': 'h:1' } }", "Membership:Members")]
    [InlineData("'Provider': 'Engine', 'Dns': { 'Name': 'a' }", "Membership:Dns")]
    public void Read_OtherMembersBesideTheEngine_AreTheOnlyError(string membership, string path) =>
        Expect(WithEngine("", "'Id': 'A_10'", membership), path);

    [Theory]
    [InlineData("127.0.0.0/16", true)]
    [InlineData("127.254.0.0/16", true)]
    [InlineData("127.255.0.0/16", false)]
    [InlineData("127.01.0.0/16", false)]
    [InlineData("127.0.0.0/8", false)]
    [InlineData("10.0.0.0/16", false)]
    [InlineData("", false)]
    public void Read_NetworkOfMembers_IsALoopback(string network, bool valid) =>
        Expect(Document(loopback: $"'Network': '{network}'"), valid ? [] : ["Loopback:Network"]);

    [Theory]
    [InlineData("'TcpRoutes': { 'r': { 'Listen': '*:1', 'Connector': 'DB' } }")]
    [InlineData("'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Connector': 'db' } }")]
    [InlineData("'Routes': { 'r': { 'Match': { 'Path': '/' }, 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Connector': 'db' } }")]
    public void Read_RouteToAConnector_IsFine(string routes) => Read(WithRoutes(routes));

    [Theory]
    [InlineData(
        "'TcpRoutes': { 'r': { 'Listen': '*:1', 'Connector': 'db', 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Destinations': { 'd': { 'Address': 'tcp://h:1' } } } }",
        "TcpRoutes:r:Connector"
    )]
    [InlineData("'TcpRoutes': { 'r': { 'Listen': '*:1', 'Connector': 'db', 'Mode': 'Lock' } }", "TcpRoutes:r:Connector")]
    [InlineData("'TcpRoutes': { 'r': { 'Listen': '*:1', 'Connector': 'other' } }", "TcpRoutes:r:Connector")]
    [InlineData(
        "'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Connector': 'served' } }",
        "Clusters:c:Connector"
    )]
    [InlineData(
        "'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Connector': 'db', 'Destinations': { 'd': { 'Address': 'tcp://h:1' } } } }",
        "Clusters:c:Connector"
    )]
    [InlineData(
        "'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c', 'Mode': 'Lock' } }, 'Clusters': { 'c': { 'Connector': 'db' } }",
        "Clusters:c:Connector"
    )]
    [InlineData(
        "'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c' } }, 'Routes': { 'r': { 'Match': { 'Path': '/' }, 'ClusterId': 'c' } }, 'Clusters': { 'c': { 'Connector': 'db' } }",
        "Clusters:c:Connector"
    )]
    public void Read_RouteToAConnectorThatCannotBe_IsTheOnlyError(string routes, string path) =>
        Assert.Equal([$"ReverseProxy:{path}"], _document.Read(WithRoutes(routes)).Errors.Select(static error => error.Path));

    [Theory]
    [InlineData(9, 1024, 2)]
    [InlineData(256, 1024, 1)]
    public void Read_ManyPortsThatCanBeTold_AreFine(int channels, int ports, int step) =>
        Read(Document(items: Served(channels, ports, step)));

    [Theory]
    [InlineData(11, 1024, 2)]
    [InlineData(257, 1, 1)]
    public void Read_MorePortsThanCanBeTold_IsTheOnlyError(int channels, int ports, int step) =>
        Expect(Document(items: Served(channels, ports, step)), "Items");

    [Fact]
    public void Read_RoleAndZoneThatCannotBeTold_AreErrors() =>
        Expect(
            Document(instance: $"'Id': 'A_1', 'Role': '{new string('r', 256)}', 'Zone': '{new string('z', 256)}'"),
            "Instance:Role",
            "Instance:Zone"
        );

    [Theory]
    [InlineData("'Exec': [ { } ]", "Notify:Exec:0:Command")]
    [InlineData("'Exec': [ { 'Command': ['a'], 'Timeout': '00:00:00' } ]", "Notify:Exec:0:Timeout")]
    [InlineData("'Http': [ { 'Url': 'ftp://h' } ]", "Notify:Http:0:Url")]
    [InlineData("'Http': [ { 'Url': 'http://u:p@h/' } ]", "Notify:Http:0:Url")]
    [InlineData("'Debounce': { 'Min': '00:00:03' }", "Notify:Debounce")]
    public void Read_SinkThatCannotBe_IsTheOnlyError(string notify, string path) =>
        Expect(Document(items: "}, 'Notify': { " + notify), path);

    public void Dispose() => _document.Dispose();

    private static string Served(int channels, int ports, int step) =>
        string.Join(
            ", ",
            Enumerable
                .Range(0, channels)
                .Select(n =>
                    $"'c{n}': {{ 'Type': 'Duplex', 'Connector': 'c{n}', 'Mode': 'Connect', 'Ports': [{string.Join(',', Enumerable.Range(0, ports).Select(port => 10_000 + (port * step)))}] }}"
                )
        );

    private static string WithEngine(string keys, string instance, string membership) =>
        Document(instance: instance, provider: membership).TrimEnd().TrimEnd('}')
        + ", 'Engine': { ".Replace('\'', '"')
        + $"{keys}'Etcd': {{ 'Endpoints': ['http://127.0.0.1:2379'] }} }} }}".Replace('\'', '"');

    private static string WithRoutes(string routes) =>
        Document(
                items: "'db': { 'Type': 'Request', 'Connector': 'db', 'Port': 1 }, 's': { 'Type': 'Reply', 'Connector': 'served', 'Port': 1 }"
            )
            .TrimEnd()
            .TrimEnd('}')
        + ", \"ReverseProxy\": { "
        + routes.Replace('\'', '"')
        + " } }";

    // Single quotes stand for double ones.
    private static string Document(
        string instance = "'Id': 'A_10'",
        string tunnel = "'Url': 'http://127.0.0.1:15008'",
        string members = "",
        string items = "",
        string? provider = null,
        string loopback = ""
    ) =>
        $$"""
            { 'Channels': {
              'Group': 'prod', 'Instance': { {{instance}} }, 'Tunnel': { {{tunnel}} },
              'Loopback': { {{loopback}} },
              'Membership': { {{provider ?? $"'Provider': 'Static', 'Members': {{ {members} }}"}} }, 'Items': { {{items}} }
            } }
            """.Replace('\'', '"');

    private ChannelsConfig Read(string json)
    {
        var result = _document.Read(json);
        Assert.Empty(result.Errors);
        return result.Revision!.Config.Channels!;
    }

    private void Expect(string json, params string[] paths) =>
        Assert.Equal(
            paths.Select(static path => $"Channels:{path}").Order(StringComparer.Ordinal),
            _document.Read(json).Errors.Select(static error => error.Path).Order(StringComparer.Ordinal)
        );
}
