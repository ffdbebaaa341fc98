using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>Ids and keys that could be mistaken for others.</summary>
public sealed class IdAndKeyTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("""{"a":1,"b":{},"A":2}""", "A", "the key occurs twice ('a' and 'A'; keys ignore case); remove one of them.")]
    [InlineData(
        """{"Demo":{"Enabled":true,"Enabled":true}}""",
        "Demo:Enabled",
        "the key occurs twice ('Enabled' and 'Enabled'; keys ignore case); remove one of them."
    )]
    [InlineData(
        """{"Demo":{"Enabled":true,"\u0065nabled":true}}""",
        "Demo:enabled",
        "the key occurs twice ('Enabled' and 'enabled'; keys ignore case); remove one of them."
    )]
    [InlineData(
        """{"ReverseProxy":{"TcpRoutes":{"mail":{},"MAIL":{}}}}""",
        "ReverseProxy:TcpRoutes:MAIL",
        "the key occurs twice ('mail' and 'MAIL'; keys ignore case); remove one of them."
    )]
    [InlineData(
        """{"ReverseProxy":{"Clusters":{"c":{"Destinations":{"d":{},"D":null}}}}}""",
        "ReverseProxy:Clusters:c:Destinations:D",
        "the key occurs twice ('d' and 'D'; keys ignore case); remove one of them."
    )]
    [InlineData(
        """{"Others":{"Limits":[{},{"Url":1,"url":2}]}}""",
        "Others:Limits:1:url",
        "the key occurs twice ('Url' and 'url'; keys ignore case); remove one of them."
    )]
    [InlineData("""{"Demo:Enabled":true}""", "Demo:Enabled", "the key contains ':'; choose one without.")]
    [InlineData(
        """{"ReverseProxy":{"TcpEndpoints":{"e:1":{}}}}""",
        "ReverseProxy:TcpEndpoints:e:1",
        "the key contains ':'; choose one without."
    )]
    [InlineData("""{"ReverseProxy":{"TcpRoutes":{":":{}}}}""", "ReverseProxy:TcpRoutes::", "the key contains ':'; choose one without.")]
    [InlineData(
        """{"ReverseProxy":{"Clusters":{"c":{"Metadata":{"a:b":""}}}}}""",
        "ReverseProxy:Clusters:c:Metadata:a:b",
        "the key contains ':'; choose one without."
    )]
    [InlineData("""{"ReverseProxy":{"TcpRoutes":{"":{}}}}""", "ReverseProxy:TcpRoutes", "an id must not be empty; name it.")]
    [InlineData(
        """{"ReverseProxy":{"Clusters":{"c":{"Destinations":{"":{"Address":"tcp://h:1"}}}}}}""",
        "ReverseProxy:Clusters:c:Destinations",
        "an id must not be empty; name it."
    )]
    [InlineData("""{"ReverseProxy":{"":{}}}""", "ReverseProxy:", "unknown key.")]
    [InlineData("""{"Demo":{"Enabled":true},"":{"Demo":{"Enabled":false}}}""", "", "a key must not be empty; name it.")]
    public void Read_AmbiguousKey_IsTheOnlyError(string json, string path, string message)
    {
        var result = _document.Read(json);

        Assert.Null(result.Revision);
        var error = Assert.Single(result.Errors);
        Assert.Equal((path, message, 1), (error.Path, error.Message, error.Line));
    }

    [Fact]
    public void Read_DuplicateKey_IsOnTheLineOfTheSecond()
    {
        var errors = _document.Read("{ // one\r\n  \"Demo\": {},\r\n  /* three\r\n */\r\n  \"DEMO\": {}\r\n}\r\n").Errors;

        Assert.Equal(5, Assert.Single(errors).Line);
    }

    [Fact]
    public void Read_DuplicateKeys_HideNothingElse()
    {
        var errors = _document
            .Read(
                """
                {
                  "ReverseProxy": { "TcpRoutes": {
                    "r": { "Listen": "127.0.0.1:1", "ClusterId": "c", "a:b": [1, { "x": 2 }] },
                    "r": { "Lissen": "127.0.0.1:2" }
                  } },
                  "Demo": { "Enabled": 5, "enabled": 6 }
                }
                """
            )
            .Errors;

        Assert.Equal(
            [
                (3, "ReverseProxy:TcpRoutes:r:a:b"),
                (4, "ReverseProxy:TcpRoutes:r"),
                (4, "ReverseProxy:TcpRoutes:r:Lissen"),
                (6, "Demo:enabled"),
                (6, "Demo:Enabled"),
            ],
            errors.Select(static error => (error.Line!.Value, error.Path))
        );
    }

    [Fact]
    public void Read_IdsOfEveryOtherKind_AreTakenAsTheyAre()
    {
        string[] ids =
        [
            "a/b",
            "a b",
            "0",
            "-1",
            "é",
            "☃",
            "*",
            "a.b",
            "a\\\\b",
            "None",
            "null",
            "[0]",
            "{}",
            "%20",
            "\\u0001",
            "\\ud83d\\ude00",
        ];
        foreach (var id in ids)
        {
            var result = _document.Read(
                """
                { "ReverseProxy": {
                  "TcpEndpoints": { "ID": { "Address": "127.0.0.1:1" } },
                  "TcpRoutes": { "ID": { "Match": { "Endpoints": ["ID"] }, "ClusterId": "ID" } },
                  "Clusters": { "ID": { "Destinations": { "ID": { "Address": "tcp://h:1" } } } }
                } }
                """.Replace("\"ID\"", $"\"{id}\"", StringComparison.Ordinal)
            );

            Assert.Empty(result.Errors);
            var cluster = Assert.Single(result.Revision!.Clusters);
            var route = Assert.Single(result.Revision.Config.ReverseProxy.TcpRoutes);
            Assert.Equal((cluster.ClusterId, cluster.ClusterId), (route.Key, route.Value.ClusterId));
            Assert.Equal(cluster.ClusterId, Assert.Single(cluster.Destinations!).Key);
            Assert.Equal([route.Key], Assert.Single(result.Revision.Bindings).RouteIds);
        }
    }

    [Fact]
    public void Read_IdsInAnotherCase_AreTheSame()
    {
        var result = _document.Read(
            """
            {"reverseproxy":{
              "TCPENDPOINTS":{"Edge":{"address":["127.0.0.1:1"]}},
              "tcpRoutes":{"r":{"match":{"endpoints":["EDGE"]},"clusterId":"REDIS","mode":"forward"}},
              "clusters":{"Redis":{"destinations":{"d":{"address":"TCP://h:1"}}}}
            }}
            """
        );

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal(["r"], Assert.Single(result.Revision!.Bindings).RouteIds);
    }

    public void Dispose() => _document.Dispose();
}
