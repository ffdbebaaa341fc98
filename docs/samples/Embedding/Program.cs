using System.Net;
using Proxy;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTcpProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.ListenTcpProxy(IPEndPoint.Parse(builder.Configuration["Redis"]!), "redis");
    kestrel.Listen(IPEndPoint.Parse(builder.Configuration["Web"]!));
});

var app = builder.Build();
app.MapReverseProxy();
app.MapGet("/", () => "web");
app.Run();
