using System.Net;
using Extending;
using Microsoft.AspNetCore.Connections;
using Proxy;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Revisions;

var builder = WebApplication.CreateBuilder(args);

var document = new ConfigurationBuilder().Add(new JsonFileSource("proxy.json")).AddEnvironmentVariables("MYAPP_").Build();
var proxy = builder.Services.AddTcpProxy().LoadDocument(document);

proxy.AddFramer<WordsProtocol>();
proxy.AddHook<AuditHook>();
proxy.AddMembershipProvider<FolderProvider>();
builder.Services.AddSingleton<ITcpLoadBalancingPolicy, FillFirstPolicy>();
builder.Services.AddSingleton<IConnectionFactory, LoggingConnectionFactory>();
builder.Services.AddHostedService<ChannelLogger>();
builder.Services.AddSingleton(new AccessLog(Console.Out));

builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(
        IPEndPoint.Parse(builder.Configuration["Filled"]!),
        listen =>
        {
            listen.UseConnectionLogging();
            listen.UseTcpProxy("filled");
        }
    );
    kestrel.Listen(IPEndPoint.Parse(builder.Configuration["Web"]!));
});

var app = builder.Build();
app.MapReverseProxy();
app.MapGet(
    "/proxy",
    (ProxyStatus proxy, ConnectionTracker connections) =>
    {
        var state = proxy.Current;
        return new
        {
            state.Ready,
            Revision = state.Running?.Id,
            Rejected = state.Rejected.Select(static problem => problem.ToString()),
            state.Pending,
            Open = connections.Count,
        };
    }
);
app.Run();
