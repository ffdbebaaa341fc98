using Microsoft.Extensions.Configuration;
using Proxy.Etcd.Documents;

namespace Proxy.Etcd.Tests.Documents;

public sealed class DocumentReviewTests : IDisposable
{
    private readonly SharedLayersFixture _fixture = new();

    [Fact]
    public async Task Of_ValidEdit_TellsWhatItChanges()
    {
        var review = await ReviewAsync(SharedLayersFixture.Document("two"), SharedLayersFixture.Document("one"));

        Assert.Empty(review.Errors);
        Assert.Equal(
            [
                "ReverseProxy:Clusters:one:Destinations:d:Address",
                "ReverseProxy:Clusters:two:Destinations:d:Address",
                "ReverseProxy:TcpRoutes:r:ClusterId",
            ],
            review.Difference.Select(static one => one.Path).Order()
        );
    }

    [Theory]
    [InlineData("{]", "etcd:fleet line 1: is not valid JSON")]
    [InlineData("{ \"Engine\": {} }", "etcd:fleet line 1: Engine: says how the engine is reached")]
    [InlineData(
        "{ \"Admin\": { \"Url\": \"http://127.0.0.1:1\", \"Token\": \"0123456789abcdef\" } }",
        "etcd:fleet line 1: Admin:Token: is a secret"
    )]
    [InlineData(
        "{ \"ReverseProxy\": { \"TcpRoutes\": { \"r\": { \"Metadata\": { \"Password\": \"x\" } } } } }",
        "etcd:fleet line 1: ReverseProxy:TcpRoutes:r:Metadata:Password: is a secret"
    )]
    [InlineData(
        "{ \"Channels\": { \"Notify\": { \"Http\": [ { \"Url\": \"http://me:secret@127.0.0.1/\" } ] } } }",
        "etcd:fleet line 1: Channels:Notify:Http:0:Url: is a secret"
    )]
    [InlineData(
        "{ \"ReverseProxy\": { \"TcpRoutes\": { \"r\": { \"ClusterId\": \"nowhere\" } } } }",
        "etcd:fleet line 1: ReverseProxy:TcpRoutes:r:ClusterId: no cluster"
    )]
    public async Task Of_WhatAHostWouldRefuse_IsAnError(string text, string told)
    {
        var review = await ReviewAsync(text, null);

        Assert.Contains(review.Errors, problem => problem.ToString().StartsWith(told, StringComparison.Ordinal));
    }

    // A certificate's key stays in a file of each host.
    [Fact]
    public async Task Of_ReferenceToAFile_IsNoSecret()
    {
        var text = SharedLayersFixture
            .Document("one")
            .Replace(
                "\"ClusterId\"",
                "\"Tls\": { \"Certificate\": { \"Path\": \"a.pem\", \"KeyPath\": \"a.key\" } }, \"ClusterId\"",
                StringComparison.Ordinal
            );

        Assert.Empty((await ReviewAsync(text, null)).Errors);
    }

    [Fact]
    public async Task Of_EditThatLeavesNoRoute_IsAnErrorUnlessItSaysSo()
    {
        var before = SharedLayersFixture.Document("one");

        Assert.Contains(
            (await ReviewAsync("{}", before)).Errors,
            static problem => problem.Message.Contains("1 in use would end", StringComparison.Ordinal)
        );
        Assert.Empty((await ReviewAsync("{ \"ReverseProxy\": {} }", before)).Errors);
    }

    [Fact]
    public void Compare_TwoTexts_SecretsAreMasked()
    {
        var review = DocumentReview.Compare(
            "fleet",
            SharedConfiguration.ReadEngine(_fixture.Sources(), "etcd:fleet", CancellationToken.None),
            SharedLayersFixture.Bytes("{ \"Admin\": { \"Token\": \"0123456789abcdef\" } }"),
            SharedLayersFixture.Bytes("{ \"Admin\": { \"Token\": \"fedcba9876543210\" } }"),
            CancellationToken.None
        );

        var difference = Assert.Single(review.Difference);
        Assert.Equal(("Admin:Token", "***", "***"), (difference.Path, $"{difference.Running}", $"{difference.Other}"));
    }

    public void Dispose() => _fixture.Dispose();

    private async Task<DocumentReview> ReviewAsync(string text, string? before)
    {
        IConfigurationBuilder sources = _fixture.Sources();
        await using var shared = await SharedConfiguration.ReadAsync(
            sources,
            "fleet",
            _ => _fixture.Cluster.Join(),
            CancellationToken.None
        );
        return DocumentReview.Of(
            sources,
            "fleet",
            before is null ? null : new(SharedLayersFixture.Bytes(before), 1),
            SharedLayersFixture.Bytes(text),
            CancellationToken.None
        );
    }
}
